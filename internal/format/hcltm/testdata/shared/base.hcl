threatmodel "Base" {
  author = "b"
  description = "From the base"
  usecase { description = "Customers buy" }
  usecase { description = "Staff look" }
  including = "../shop.hcl"
}
