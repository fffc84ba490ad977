"""Helm charts: templates with the chart's values, environment by environment."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pytest

from brokerlint.manifests.charts import Chart
from brokerlint.manifests.facts import Hole, ManifestFacts, Text, Value
from brokerlint.manifests.formats import helm
from brokerlint.manifests.templating import blanked, resolved
from brokerlint.manifests.values import text_of
from brokerlint.manifests.yaml_nodes import documents

Reader = Callable[[Mapping[str, str]], ManifestFacts]

CODE = {"orders/Dockerfile": "FROM python\nWORKDIR /app\nCOPY . .\n", "orders/orders/worker.py": ""}
CHART = "chart/Chart.yaml"
TEMPLATE = """\
{{- if .Values.enabled }}
apiVersion: apps/v1
kind: Deployment
metadata:
  name: {{ include "orders.fullname" . }}
spec:
  replicas: {{ .Values.replicas }}
  template:
    spec:
      containers:
        - name: {{ .Chart.Name }}
          image: "{{ .Values.image.repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}"
          command: ["python", "-m", "orders.worker"]
          env:
            - name: ORDERS_TOPIC
              value: {{ .Values.topic | quote }}
            - name: AUDIT_TOPIC
              value: {{ .Values.audit | default "audit" }}
            {{- range $name, $value := .Values.env }}
            - name: {{ $name }}
              value: {{ $value | quote }}
            {{- end }}
{{- end }}
"""
VALUES = """\
image: {repository: acme/orders}
topic: orders
replicas: 3
env:
  GROUP_ID: billing
  DB_PASSWORD: hunter2
"""


def test_a_placeholder_inside_a_line_becomes_a_token_and_lines_stay() -> None:
    plain = blanked("{{/* note\n */}}\na: {{ .x }}-b\n{{- if y }}\nc: 1\n{{ end }}\n{% if z %}\nd: {{ w }}\n")
    assert plain.text.count("\n") == 8
    assert documents(plain.text)[0].line_of("c") == 5
    assert plain.lines[4] == "if y"
    assert resolved("__T0__-b", plain.expressions, Text) == Text(".x-b")


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        (".Values.a.b", Text("1")),
        ("$.Values.a.b | quote", Text("1")),
        ("quote .Values.a.b", Text("1")),
        ('.Values.no | default "x" | quote', Text("x")),
        ('default "x" .Values.no', Text("x")),
        ('default "x" .Values.a.b', Text("1")),
        ('"literal"', Text("literal")),
        (".Chart.Name", Text("orders")),
        ('include "orders.fullname" .', Text("orders")),
        (".Values.no", Hole(".Values.no")),
        ('printf "%s-x" .Values.a.b', Hole('printf "%s-x" .Values.a.b')),
        (".Values.a.b | sha256sum", Hole(".Values.a.b | sha256sum")),
    ],
)
def test_expressions_are_looked_up(expression: str, value: Value) -> None:
    assert Chart("orders", tuple(documents("a: {b: 1}"))).value(expression) == value


def test_a_chart_is_deployed_with_its_values(facts_of: Reader) -> None:
    facts = facts_of({CHART: "name: orders\n", "chart/values.yaml": VALUES, "chart/templates/d.yaml": TEMPLATE, **CODE})
    (service,) = facts.services
    known = {name: text_of(one.value) for name, one in service.environment.items()}
    assert known == {"ORDERS_TOPIC": "orders", "AUDIT_TOPIC": "audit", "GROUP_ID": "billing", "DB_PASSWORD": None}
    assert (service.name, service.roots, service.profile) == ("orders", ("orders",), "unknown")
    assert service.command == ("python", "-m", "orders.worker")
    assert service.properties == {"replicas_max": 3}
    assert service.environment["ORDERS_TOPIC"].place.line == 15
    assert "hunter2" not in repr(facts)


def test_values_of_an_environment_make_a_deployment_of_their_own(facts_of: Reader) -> None:
    facts = facts_of({
        CHART: "name: orders\n",
        "chart/values.yaml": VALUES,
        "chart/values-prod.yaml": "topic: live\n",
        "chart/values-dev.yaml": "topic: trial\n",
        "chart/templates/d.yaml": TEMPLATE,
        **CODE,
    })  # fmt: skip
    found = {one.profile: text_of(one.environment["ORDERS_TOPIC"].value) for one in facts.services}
    assert found == {"prod": "live", "dev": "trial"}
    assert {one.place.path for one in facts.services} == {"chart/values-prod.yaml", "chart/values-dev.yaml"}


def test_variables_that_a_template_dumps(facts_of: Reader) -> None:
    template = TEMPLATE[: TEMPLATE.index("          env:")] + (
        "          env:\n            {{- toYaml .Values.variables | nindent 12 }}\n{{- end }}\n"
    )
    values = "image: {repository: acme/orders}\nvariables:\n  - name: ORDERS_TOPIC\n    value: orders\n"
    facts = facts_of({CHART: "name: orders\n", "chart/values.yaml": values, "chart/templates/d.yaml": template, **CODE})
    assert text_of(facts.services[0].environment["ORDERS_TOPIC"].value) == "orders"


@pytest.mark.parametrize(
    "dump",
    [
        "{{- toYaml .Values.variables | nindent 12 }}",
        '{{- include "common.render" (dict "value" .Values.variables "context" $) | nindent 12 }}  # all of them',
    ],
)
def test_lines_that_follow_a_key_and_a_placeholder(facts_of: Reader, dump: str) -> None:
    template = f"""
apiVersion: apps/v1
kind: Deployment
metadata:
  name: orders
  labels: {{{{- include "labels" . | nindent 4 }}}}
    app.kubernetes.io/component: worker
spec:
  template:
    metadata:
      labels: {{{{- include "labels" . | nindent 8 }}}}
      annotations:
        {{{{- toYaml .Values.annotations | nindent 8 }}}}
    spec:
      containers:
        - name: orders
          image: acme/orders
          command: [python, -m, orders.worker]
          env: {dump}
          ports: []
"""
    values = "annotations: {a: b}\nvariables:\n  - name: ORDERS_TOPIC\n    value: orders\n"
    facts = facts_of({CHART: "name: orders\n", "chart/values.yaml": values, "chart/templates/d.yaml": template, **CODE})
    assert facts.diagnostics == ()
    assert text_of(facts.services[0].environment["ORDERS_TOPIC"].value) == "orders"


def test_what_a_template_defines_and_what_is_empty_otherwise(facts_of: Reader) -> None:
    template = """
{{- define "orders.configuration" -}}
{ "node": {{ if .Values.x }}{ "a": 1 }{{ else }}{}{{ end }}
{{- range .Values.y }}
}}}
{{- end }}
{{- end }}
apiVersion: apps/v1
kind: Deployment
metadata:
  name: orders
  annotations:
    {{- if .Values.annotations }}
    a: b
    {{- else }}
    {}
    {{- end }}
spec:
  template:
    spec:
      containers:
        - name: orders
          image: acme/orders
          command: [python, -m, orders.worker]
          env:
            - name: ORDERS_TOPIC
              value: orders
"""
    files = {CHART: "name: orders\n", "chart/values.yaml": "a: 1\n", "chart/templates/d.yaml": template}
    facts = facts_of({**files, **CODE})
    assert facts.diagnostics == ()
    (service,) = facts.services
    assert text_of(service.environment["ORDERS_TOPIC"].value) == "orders"
    assert service.environment["ORDERS_TOPIC"].place.line == 26


def test_values_of_a_chart_that_is_kept_elsewhere(facts_of: Reader) -> None:
    values = (
        "app:\n  image: {repository: acme/orders}\n  command: [python, -m, orders.worker]\n"
        "  env: {ORDERS_TOPIC: orders}\n"
    )
    (service,) = facts_of({"deploy/values/orders.yaml": values, **CODE}).services
    assert (service.name, service.roots) == ("app", ("orders",))
    assert text_of(service.environment["ORDERS_TOPIC"].value) == "orders"


@pytest.mark.parametrize("path", ["chart/Chart.yaml", "chart/values.yaml", "chart/values-prod.yml", "prod.values.yaml"])
def test_files_of_charts_are_recognised(path: str) -> None:
    assert helm.wants(path, b"")


@pytest.mark.parametrize(
    "template",
    ["kind: {{ x", "{{ range }}\nkind: a\n{{ end }}", "kind: Pod\napiVersion: v1\nspec: {{ toYaml .Values }}\n"],
)
def test_broken_templates_do_no_harm(facts_of: Reader, template: str) -> None:
    files = {CHART: "name: [x]\n", "chart/values.yaml": "- a\n- b\n", "chart/templates/d.yaml": f"{template}{{{{"}
    facts = facts_of({**files, **CODE})
    assert not [problem for problem in facts.diagnostics if problem.kind == "crash"]


def test_a_workload_whose_name_only_a_run_tells_is_called_like_its_chart(facts_of: Reader) -> None:
    template = TEMPLATE.replace('{{ include "orders.fullname" . }}', '"{{ $one.name }}"').replace("enabled", "image")
    files = {"orders-host/chart/Chart.yaml": "name: x\n", "orders-host/chart/values.yaml": VALUES}
    facts = facts_of({**files, "orders-host/chart/templates/d.yaml": template, **CODE})
    assert [one.name for one in facts.services] == ["orders-host"]
