# Generated from the chart's topology by scripts/gitops/generate.ts.
path "countersign/data/paper-exchange" {
  capabilities = ["read"]
}
