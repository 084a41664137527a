-- Reports for people and spreadsheets: aligned tables, CSV, numbers in few digits. Pure.

local report = {}

--- A weight or another fraction as percent text, for people only: 0.125 is "12.50 %".
function report.percent(fraction)
  if fraction == nil then
    return "-"
  end
  return ("%.2f %%"):format(fraction * 100)
end

--- An amount of money with thousands separated: 1234567.8 is "1,234,568".
function report.money(amount)
  if amount == nil then
    return "-"
  end
  local digits = ("%.0f"):format(amount)
  local sign, rest = digits:match("^(%-?)(%d+)$")
  local grouped = rest:reverse():gsub("(%d%d%d)", "%1,"):reverse()
  return sign .. (grouped:gsub("^,", ""))
end

local function width_of(text)
  return utf8.len(text) or #text
end

--- Lays rows out under a header; columns named in `right` are aligned to the right.
function report.table(header, rows, right)
  local widths, lines = {}, {}
  for column, name in ipairs(header) do
    widths[column] = width_of(name)
    for _, row in ipairs(rows) do
      widths[column] = math.max(widths[column], width_of(row[column]))
    end
  end
  local function line(cells)
    local out = {}
    for column, cell in ipairs(cells) do
      local gap = (" "):rep(widths[column] - width_of(cell))
      out[column] = right[header[column]] and gap .. cell or cell .. gap
    end
    return (table.concat(out, "  "):gsub("%s+$", ""))
  end
  lines[1] = line(header)
  local rule = {}
  for column in ipairs(header) do
    rule[column] = ("-"):rep(widths[column])
  end
  lines[2] = table.concat(rule, "  ")
  for _, row in ipairs(rows) do
    lines[#lines + 1] = line(row)
  end
  return table.concat(lines, "\n")
end

local function csv_cell(value)
  if value == nil or value == ballast.json.null then
    return ""
  end
  local text = tostring(value)
  if text:find('[",\r\n]') then
    return '"' .. text:gsub('"', '""') .. '"'
  end
  return text
end

--- Writes rows as CSV (RFC 4180: CRLF, quotes where needed). `columns` is a list of
--- { name, function(row) -> value }. The header is always there.
function report.csv(columns, rows)
  local lines, cells = {}, {}
  for index, column in ipairs(columns) do
    cells[index] = column[1]
  end
  lines[1] = table.concat(cells, ",")
  for _, row in ipairs(rows) do
    cells = {}
    for index, column in ipairs(columns) do
      cells[index] = csv_cell(column[2](row))
    end
    lines[#lines + 1] = table.concat(cells, ",")
  end
  return table.concat(lines, "\r\n") .. "\r\n"
end

--- One reason of a decision as a line: its code, and its message or the figures behind it.
function report.reason(reason)
  local data = reason.data and ballast.json.canonical(reason.data)
  return ("reason: %s %s"):format(reason.code, reason.message or data or "")
end

return report
