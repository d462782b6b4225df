"""The container file, the compose file, the units and Patroni's configuration."""
import json
import re
import unittest

import yaml

from common import BINARY, DEPLOY, ROOT, documents, known_settings, needs, refused, routes, run

COMPOSE = DEPLOY / "compose"


def with_dependencies(packages):
    """The packages with all that they depend on, as dpkg has them here."""
    known, new = set(), set(packages)
    while new:
        known |= new
        said = run("dpkg-query", "-W", "-f", "${Depends}, ${Pre-Depends}\n", *sorted(new)).stdout
        new = set(re.findall(r"(?:^|[,|] ?)([a-z0-9][a-z0-9.+-]+)", said, re.M)) - known
    return known


class Files(unittest.TestCase):
    def test_all_are_parsed(self):
        files = [*DEPLOY.rglob("*.yaml"), *DEPLOY.rglob("*.yml")]
        self.assertGreater(len(files), 10)
        for file in files:
            self.assertTrue(documents(file), file)
        for file in DEPLOY.rglob("*.sh"):
            self.assertEqual(run("bash", "-n", file).stderr, "", file)

    def test_every_setting_that_is_named_exists(self):
        known = known_settings()
        named = {}
        for file in DEPLOY.rglob("*"):
            if file.is_file():
                for name in re.findall(r"\bCONCORD_([A-Z0-9_]+)", file.read_text()):
                    named.setdefault(name, file)
        self.assertGreater(len(named), 20)
        self.assertEqual({name: str(file) for name, file in named.items() if name not in known}, {})


class Container(unittest.TestCase):
    def setUp(self):
        self.text = (DEPLOY / "container/Containerfile").read_text()
        self.last = self.text[self.text.rindex("\nFROM "):]

    def test_it_runs_as_nobody_special_and_tells_whether_it_is_well(self):
        self.assertRegex(self.last, r"\nUSER [1-9]\d*:[1-9]\d*\n")
        paths = re.findall(r"http://127\.0\.0\.1:8080(/[a-z/]+)", self.last)
        self.assertEqual(set(paths) - routes(), set())
        self.assertIn("HEALTHCHECK", self.last)
        for stage in re.findall(r"^FROM (\S+)", self.text, re.M):
            self.assertRegex(stage, r":[\w.-]+$")

    def test_its_settings_are_taken(self):
        settings = dict(re.findall(r"(CONCORD_[A-Z_]+)=(\S+)", self.last))
        self.assertTrue(settings)
        self.assertEqual(refused(settings), "")

    @needs("dpkg-query")
    @needs("readelf")
    def test_it_has_the_libraries_that_the_program_is_linked_to(self):
        installed = with_dependencies(set(re.findall(r"\blib[\w.+-]+", self.last)))
        libraries = re.findall(r"\(NEEDED\)\s+Shared library: \[(lib[^\]]+)\]", run("readelf", "-d", BINARY).stdout)
        self.assertGreater(len(libraries), 8)
        owners = run("dpkg-query", "-S", *(f"*/{library}" for library in libraries)).stdout
        for library in libraries:
            packages = set(re.findall(rf"^([^:,]+):.*/{re.escape(library)}$", owners, re.M))
            self.assertTrue(packages & installed, (library, packages))


class Compose(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.text = (COMPOSE / "compose.yaml").read_text()
        cls.compose = yaml.safe_load(cls.text)
        cls.services = cls.compose["services"]

    def test_every_service_is_bounded_pinned_and_watched(self):
        for name, service in self.services.items():
            self.assertIn("no-new-privileges:true", service["security_opt"], name)
            self.assertIn("mem_limit", service, name)
            self.assertIn("restart", service, name)
            if "build" not in service:
                self.assertRegex(service["image"], r":[vR]?[\w.-]*\d", name)
            if service["restart"] != "no":
                self.assertIn("healthcheck", service, name)

    def test_nodes_are_locked_down_and_differ_in_their_names_alone(self):
        nodes = {name: one for name, one in self.services.items() if name.startswith("node-")}
        self.assertEqual(len(nodes), 3)
        environments = []
        for name, node in nodes.items():
            self.assertIs(node["read_only"], True)
            self.assertEqual(node["cap_drop"], ["ALL"])
            settings = dict(node["environment"])
            self.assertEqual(settings.pop("CONCORD_NODE_NAME"), name)
            self.assertEqual(settings["CONCORD_NODE_ADDRESS"], f"{name}:7400")
            environments.append({key: value.replace(name, "NODE") for key, value in settings.items()})
            path = node["healthcheck"]["test"][-1].removeprefix("http://127.0.0.1:8080")
            self.assertIn(path, routes())
            filled = {key: re.sub(r"\$\{(\w+)[^}]*\}", "filled", value) for key, value in settings.items()}
            self.assertEqual(refused(filled), "")
        self.assertEqual(environments[0], environments[1])
        self.assertEqual(environments[0], environments[2])

    def test_what_is_named_is_there(self):
        example = (COMPOSE / "example.env").read_text()
        for name in set(re.findall(r"(?<!\$)\$\{(\w+)", self.text)):
            self.assertRegex(example, rf"(?m)^{name}=", name)
        for name, service in self.services.items():
            for other in service.get("depends_on", {}):
                self.assertIn(other, self.services, name)
            for volume in service.get("volumes", []):
                source = volume.split(":")[0]
                if source.startswith("."):
                    self.assertTrue((COMPOSE / source).exists(), volume)
                else:
                    self.assertIn(source, self.compose["volumes"])
        balancer = (COMPOSE / "haproxy.cfg").read_text()
        self.assertEqual(set(re.findall(r"server (\S+) \1:8080", balancer)), {one for one in self.services if one.startswith("node-")})
        self.assertIn(re.search(r"GET (\S+)", balancer).group(1), routes())


class Systemd(unittest.TestCase):
    unit = DEPLOY / "systemd/concord.service"

    @needs("systemd-analyze")
    def test_the_unit_verifies_and_leaves_little_open(self):
        said = run("systemd-analyze", "verify", self.unit).stderr.splitlines()
        self.assertEqual([line for line in said if "/usr/local/bin/concord is not executable" not in line], [])
        answer = run("systemd-analyze", "security", "--offline=true", "--threshold=20", "--no-pager", self.unit)
        self.assertEqual(answer.returncode, 0, answer.stdout)

    def test_its_settings_are_taken_and_it_waits_for_the_drain(self):
        lines = (DEPLOY / "systemd/concord.env").read_text().splitlines()
        settings = dict(line.split("=", 1) for line in lines if line.startswith("CONCORD_"))
        optional = dict(line[1:].split("=", 1) for line in lines if line.startswith("#CONCORD_"))
        self.assertEqual(refused(settings), "")
        self.assertEqual(refused({**settings, **optional}), "")
        stop_s = int(re.search(r"^TimeoutStopSec=(\d+)$", self.unit.read_text(), re.M).group(1))
        self.assertGreater(stop_s, int(settings["CONCORD_SHUTDOWN_MS"]) / 1000)


class Patroni(unittest.TestCase):
    def test_nothing_acknowledged_is_lost_in_a_promotion(self):
        everywhere = documents(DEPLOY / "patroni/patroni.yml")[0]["bootstrap"]["dcs"]
        self.assertIs(everywhere["synchronous_mode"], True)
        self.assertIs(everywhere["synchronous_mode_strict"], True)
        self.assertGreaterEqual(everywhere["ttl"], everywhere["loop_wait"] + 2 * everywhere["retry_timeout"])
        for setting in ("fsync", "full_page_writes", "synchronous_commit"):
            self.assertEqual(everywhere["postgresql"]["parameters"][setting], "on")

    def test_the_database_orders_text_by_its_bytes(self):
        made = (DEPLOY / "patroni/make-database.sql").read_text()
        self.assertIn("TEMPLATE template0 ENCODING 'UTF8' LC_COLLATE 'C' LC_CTYPE 'C'", made)


class Grafana(unittest.TestCase):
    def test_dashboards_are_as_they_are_made(self):
        scope = {"__name__": "dashboards", "__file__": str(DEPLOY / "grafana/make.py")}
        exec(compile((DEPLOY / "grafana/make.py").read_text(), "make.py", "exec"), scope)  # pylint: disable=exec-used
        made = scope["texts"]()
        self.assertEqual({file.name for file in (DEPLOY / "grafana").glob("*.json")}, set(made))
        for name, text in made.items():
            self.assertEqual((DEPLOY / "grafana" / name).read_text(), text, f"{name}: run deploy/grafana/make.py")
            board = json.loads(text)
            panels = [one for one in board["panels"] if one["type"] != "row"]
            self.assertGreaterEqual(len(panels), 6)
            self.assertEqual(len({one["id"] for one in board["panels"]}), len(board["panels"]))


class Readmes(unittest.TestCase):
    def test_folders_are_all_told_of(self):
        told = set(re.findall(r"^\| `(\w+)/` \|", (DEPLOY / "README.md").read_text(), re.M))
        self.assertEqual(told, {one.name for one in DEPLOY.iterdir() if one.is_dir()})
        self.assertTrue((ROOT / ".dockerignore").exists())


if __name__ == "__main__":
    unittest.main()
