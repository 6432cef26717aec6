# Refuses each object of its kind of which `holds` is not so.
refusals(it, parameters) := {msg |
  not holds(it, parameters)
  msg := sprintf("RULE: KIND %s must SAYS", [it.metadata.name])
}
