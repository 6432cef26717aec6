# Refuses each container of which `holds` is not so, in whichever kind of workload it stands.
refusals(it, parameters) := {msg |
  pod := pod_of(it)
  some list in ["initContainers", "containers"]
  some container in object.get(pod, list, [])
  not holds(container, pod, parameters)
  msg := sprintf("RULE: container %s must SAYS", [container.name])
}

pod_of(it) := it.spec if it.kind == "Pod"

pod_of(it) := it.spec.jobTemplate.spec.template.spec if it.kind == "CronJob"

pod_of(it) := it.spec.template.spec if not it.kind in {"Pod", "CronJob"}
