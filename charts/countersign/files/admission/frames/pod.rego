# Refuses each pod of which `holds` is not so, in whichever kind of workload it stands.
refusals(it, parameters) := {msg |
  not holds(pod_of(it), parameters)
  msg := sprintf("RULE: the pod of %s must SAYS", [object.get(it.metadata, "name", "no name")])
}

pod_of(it) := it.spec if it.kind == "Pod"

pod_of(it) := it.spec.jobTemplate.spec.template.spec if it.kind == "CronJob"

pod_of(it) := it.spec.template.spec if not it.kind in {"Pod", "CronJob"}
