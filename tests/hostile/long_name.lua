-- The nearest name of a very long one is looked for with care.
return ballast[("x"):rep(40000000)]
