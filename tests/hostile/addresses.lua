-- No address is shown (pitfall 29).
return string.format("%p", {})
