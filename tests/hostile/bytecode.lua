-- Nothing compiles text or bytes (pitfalls 16 and 17).
return load("return 1")
