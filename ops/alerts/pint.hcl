# `pint --offline --config ops/alerts/pint.hcl lint charts/countersign/files/rules`: the rules as the chart carries them.

rule {
  match {
    kind = "alerting"
  }

  # The chart puts an address in front of it.
  annotation "runbook_url" {
    severity = "bug"
    value    = "ops/runbooks/[A-Z][A-Za-z]+\\.md"
    required = true
  }

  annotation "summary" {
    severity = "bug"
    required = true
  }

  annotation "description" {
    severity = "bug"
    required = true
  }

  annotation "dashboard" {
    severity = "bug"
    value    = "countersign-(overview|money|agents|governance|bus|venues|platform)"
    required = true
  }

  label "severity" {
    severity = "bug"
    value    = "page|ticket|none"
    required = true
  }

  label "owner" {
    severity = "bug"
    value    = "risk|compliance|platform"
    required = true
  }
}

rule {
  match {
    name = "Watchdog"
  }

  # To fire always is its purpose.
  disable = ["alerts/comparison"]
}
