"""Alerts: promtool takes them and plays them, and people find what to do."""
import re
import unittest

from common import DEPLOY, ROOT, documents, needs, run

RULES = DEPLOY / "prometheus/rules.yml"
RUNBOOK = ROOT / "docs/operations/alerts.md"


class Prometheus(unittest.TestCase):
    def alerts(self):
        return [rule for group in documents(RULES)[0]["groups"] for rule in group["rules"]]

    @needs("promtool")
    def test_promtool_takes_rules_and_configurations(self):
        for words in (("check", "rules", RULES), ("check", "config", "--syntax-only", DEPLOY / "prometheus/scrape.yml"),
                      ("check", "config", "--syntax-only", DEPLOY / "compose/prometheus.yml")):
            answer = run("promtool", *words)
            self.assertEqual(answer.returncode, 0, answer.stdout + answer.stderr)

    @needs("promtool")
    def test_alerts_fire_when_they_should_and_then_alone(self):
        answer = run("promtool", "test", "rules", DEPLOY / "prometheus/rules_test.yml")
        self.assertEqual(answer.returncode, 0, answer.stdout + answer.stderr)

    def test_each_alert_is_played_both_ways(self):
        played = {}
        for one in documents(DEPLOY / "prometheus/rules_test.yml")[0]["tests"]:
            for case in one["alert_rule_test"]:
                played.setdefault(case["alertname"], set()).add(bool(case["exp_alerts"]))
        self.assertEqual(played, {alert["alert"]: {True, False} for alert in self.alerts()})

    def test_each_alert_has_its_section_and_each_section_its_alert(self):
        sections = re.findall(r"^## (\w+)$", RUNBOOK.read_text(), re.M)
        self.assertEqual(sorted(sections), sorted(alert["alert"] for alert in self.alerts()))
        for alert in self.alerts():
            self.assertEqual(alert["annotations"]["runbook"], f"docs/operations/alerts.md#{alert['alert'].lower()}")
            self.assertIn(alert["labels"]["severity"], ("critical", "warning"))


if __name__ == "__main__":
    unittest.main()
