"""The Kubernetes manifests: what every workload must have, and that what they name is there."""
import unittest

import yaml

from common import DEPLOY, documents, needs, refused, routes, run

BASE = DEPLOY / "kubernetes/base"
SECRETS = DEPLOY / "kubernetes/secrets.example.yaml"


class Kubernetes(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.objects = [one for file in sorted(BASE.glob("*.yaml")) if file.name != "kustomization.yaml" for one in documents(file)]
        cls.common = {"app.kubernetes.io/name": "concord", "app.kubernetes.io/part-of": "concord"}

    def of(self, *kinds):
        found = [one for one in self.objects if one["kind"] in kinds]
        self.assertTrue(found, kinds)
        return found

    def workloads(self):
        for one in self.of("StatefulSet", "Deployment"):
            pod = one["spec"]["template"]
            yield one, pod["spec"], {**self.common, **pod["metadata"]["labels"]}

    def test_the_kustomization_names_every_file(self):
        named = set(documents(BASE / "kustomization.yaml")[0]["resources"])
        self.assertEqual(named, {file.name for file in BASE.glob("*.yaml")} - {"kustomization.yaml"})

    def test_every_container_has_probes_on_routes_of_the_hub(self):
        for one, pod, _ in self.workloads():
            for container in pod["containers"]:
                ports = {port["name"] for port in container["ports"]}
                paths = {}
                for probe in ("startupProbe", "readinessProbe", "livenessProbe"):
                    get = container[probe]["httpGet"]
                    self.assertIn(get["path"], routes(), one["metadata"]["name"])
                    self.assertIn(get["port"], ports)
                    paths[probe] = get["path"]
                # Who is alive but not ready is not to be killed for it.
                self.assertEqual(paths["livenessProbe"], "/health/live")
                self.assertEqual(paths["readinessProbe"], "/health/ready")

    def test_every_pod_is_restricted(self):
        for _, pod, _ in self.workloads():
            self.assertIs(pod["automountServiceAccountToken"], False)
            context = pod["securityContext"]
            self.assertIs(context["runAsNonRoot"], True)
            self.assertGreater(context["runAsUser"], 0)
            self.assertEqual(context["seccompProfile"], {"type": "RuntimeDefault"})
            for forbidden in ("hostNetwork", "hostPID", "hostIPC"):
                self.assertFalse(pod.get(forbidden))
            for container in pod["containers"]:
                own = container["securityContext"]
                self.assertIs(own["allowPrivilegeEscalation"], False)
                self.assertIs(own["readOnlyRootFilesystem"], True)
                self.assertEqual(own["capabilities"]["drop"], ["ALL"])
            for volume in pod["volumes"]:
                self.assertTrue({"emptyDir", "csi"} & set(volume), volume)
        for account in self.of("ServiceAccount"):
            self.assertIs(account["automountServiceAccountToken"], False)
        labels = self.of("Namespace")[0]["metadata"]["labels"]
        self.assertEqual(labels["pod-security.kubernetes.io/enforce"], "restricted")

    def test_every_container_has_requests_and_a_limit_of_memory(self):
        for _, pod, _ in self.workloads():
            for container in pod["containers"]:
                self.assertEqual(set(container["resources"]["requests"]), {"cpu", "memory"})
                self.assertIn("memory", container["resources"]["limits"])

    def test_what_is_mounted_and_referred_to_is_there(self):
        secrets = {one["metadata"]["name"] for one in documents(SECRETS)}
        maps = {one["metadata"]["name"] for one in self.of("ConfigMap")}
        for _, pod, _ in self.workloads():
            self.assertEqual(pod["serviceAccountName"], self.of("ServiceAccount")[0]["metadata"]["name"])
            volumes = {volume["name"] for volume in pod["volumes"]}
            for container in pod["containers"]:
                self.assertEqual({mount["name"] for mount in container["volumeMounts"]}, volumes)
                for source in container["envFrom"]:
                    for kind, known in (("configMapRef", maps), ("secretRef", secrets)):
                        if kind in source:
                            self.assertIn(source[kind]["name"], known)

    def test_settings_are_ones_that_the_hub_takes(self):
        settings = self.of("ConfigMap")[0]["data"]
        secrets = documents(SECRETS)[0]["stringData"]
        self.assertFalse(set(settings) & set(secrets))
        for _, pod, _ in self.workloads():
            for container in pod["containers"]:
                own = {one["name"]: one.get("value", "any") for one in container["env"] if one["name"].startswith("CONCORD_")}
                self.assertEqual(refused({**settings, **secrets, **own}), "")
        self.assertNotEqual(refused({**settings, "CONCORD_SHUTDOWN_MS": "soon"}), "")

    def test_a_node_has_time_to_drain(self):
        drain_s = int(self.of("ConfigMap")[0]["data"]["CONCORD_SHUTDOWN_MS"]) / 1000
        for _, pod, _ in self.workloads():
            for container in pod["containers"]:
                pause_s = int(container["lifecycle"]["preStop"]["exec"]["command"][1])
                self.assertGreater(pod["terminationGracePeriodSeconds"], drain_s + pause_s)

    def test_services_budgets_and_scaling_meet_pods(self):
        pods = {one["metadata"]["name"]: labels for one, _, labels in self.workloads()}
        budgeted = set()
        for budget in self.of("PodDisruptionBudget"):
            wanted = budget["spec"]["selector"]["matchLabels"].items()
            budgeted |= {name for name, labels in pods.items() if wanted <= labels.items()}
        self.assertEqual(budgeted, set(pods))
        for service in self.of("Service"):
            wanted = service["spec"]["selector"].items()
            self.assertTrue(any(wanted <= labels.items() for labels in pods.values()), service["metadata"])
        for one, _, labels in self.workloads():
            self.assertTrue(one["spec"]["selector"]["matchLabels"].items() <= labels.items())
            if one["kind"] == "StatefulSet":
                self.assertIn(one["spec"]["serviceName"], {service["metadata"]["name"] for service in self.of("Service")})
        for scaler in self.of("HorizontalPodAutoscaler"):
            self.assertIn(scaler["spec"]["scaleTargetRef"]["name"], pods)
            self.assertGreaterEqual(scaler["spec"]["minReplicas"], 2)

    def test_everything_is_denied_first_and_each_pod_gets_its_flows(self):
        policies = self.of("NetworkPolicy")
        first = [one for one in policies if one["spec"]["podSelector"] == {}]
        self.assertEqual(len(first), 1)
        self.assertEqual(first[0]["spec"], {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]})
        for name, labels in ((one["metadata"]["name"], labels) for one, _, labels in self.workloads()):
            mine = [one["spec"] for one in policies if one["spec"]["podSelector"].get("matchLabels", {"no": 1}).items() <= labels.items()]
            out = {port["port"] for spec in mine for rule in spec.get("egress", []) for port in rule["ports"]}
            self.assertTrue({53, 5432, 6379, 2379, 443, 7400} <= out, (name, out))
            into = {port["port"] for spec in mine for rule in spec.get("ingress", []) for port in rule["ports"]}
            self.assertTrue({"http", "node"} <= into, (name, into))
        for policy in policies[1:]:
            for direction, peers in (("ingress", "from"), ("egress", "to")):
                for rule in policy["spec"].get(direction, []):
                    self.assertTrue(rule.get(peers) and rule.get("ports"), policy["metadata"]["name"])

    @needs("kubectl")
    def test_it_is_rendered(self):
        rendered = run("kubectl", "kustomize", BASE)
        self.assertEqual(rendered.returncode, 0, rendered.stderr)
        objects = [one for one in yaml.safe_load_all(rendered.stdout) if one]
        self.assertEqual(len(objects), len(self.objects))
        for one in objects:
            self.assertEqual(one["metadata"]["labels"]["app.kubernetes.io/name"], "concord")
            if one["kind"] in ("StatefulSet", "Deployment"):
                self.assertEqual(one["spec"]["template"]["metadata"]["labels"]["app.kubernetes.io/name"], "concord")
                image = one["spec"]["template"]["spec"]["containers"][0]["image"]
                self.assertRegex(image, r"/concord:\d")


if __name__ == "__main__":
    unittest.main()
