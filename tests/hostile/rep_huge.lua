-- Huge results in one call (pitfall 12).
return #string.rep("", 1 << 40) + #string.rep("x", 1 << 40)
