# Generated from the chart's topology by scripts/gitops/generate.ts.
path "countersign/data/validator-3" {
  capabilities = ["read"]
}
