"""The AWS CDK: constructs as resources of CloudFormation, by the table ``cdk.yaml``."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Iterator, Mapping

from brokerlint.link.calls import Args
from brokerlint.link.constructs.assets import Folders
from brokerlint.link.constructs.drafts import Draft
from brokerlint.link.constructs.identities import Construct, Constructs
from brokerlint.link.constructs.images import Images
from brokerlint.link.constructs.meanings import meaning
from brokerlint.link.constructs.reading import Reading, Spelling, arguments_of, keywords, structs
from brokerlint.link.constructs.table import OUTPUT, Form, Part, Table
from brokerlint.link.constructs.walk import Act
from brokerlint.link.values import Client, External, Record, Values
from brokerlint.manifests.aws.resources import FUNCTION, TASK, Estate
from brokerlint.manifests.facts import Reference, Value
from brokerlint.manifests.terms import NOTHING, Term, literal, mapping, pattern, references
from brokerlint.places import Place

_PYTHON = re.compile(r"PYTHON_(\d+)_(\d+)$")
_OWN_KEYWORDS = frozenset({"scope", "id", "construct_id"})


class Drawing:
    """Resources that the constructs of a program come to; ``methods`` adds what is called on them.

    Takes the table, the constructs, the folders of the tree, and what the images built from these start.
    """

    def __init__(self, table: Table, constructs: Constructs, folders: Folders, images: Images) -> None:
        self.table = table
        self.constructs = constructs
        self._folders = folders
        self._images = images
        self._drafts: dict[str, Draft] = {}
        self._parts: dict[tuple[str, str], Term] = {}
        self._reading = Reading(constructs, meaning, self._refer)
        self._spelling = Spelling(table.spelled, table.written)
        self._draw([(one, form) for one in constructs.all if (form := table.form(one.kind)) is not None])

    def _draw(self, constructs: list[tuple[Construct, Form]]) -> None:
        """Draft every resource before any is filled, since each may refer to every other."""
        plain = [(self._draft(one.key, one, form), one, form) for one, form in constructs if form.type]
        for one, form in constructs:
            if form.parts:
                self._pattern(one, form)
        for draft, one, form in plain:
            self.fill(draft, form, one.made.args, self._reading.of(one))
        for one, form in constructs:
            self._finish(one, form)

    def estate(self) -> Estate:
        """The resources, and which of them are given away as outputs."""
        outputs = [(self._reading.of(one), one) for one in self.constructs.all if one.kind == OUTPUT]
        terms = [reading.term(reading.at(one.made.args, "value")) for reading, one in outputs]
        exported = {reference.key for term in terms for reference in references(term.value)}
        return Estate.of((draft.resource() for draft in self._drafts.values()), exported)

    # --- Looking up -----------------------------------------------------------------------------------------------

    def _refer(self, construct: Construct, attributes: str) -> Value:
        """What an attribute of a construct is: a part of a pattern, or something about the construct itself."""
        first, _, rest = attributes.partition(".")
        part = self._parts.get((construct.key, first))
        if part is not None:
            found = part.value
            return Reference(found.key, rest or found.attribute) if isinstance(found, Reference) else found
        return Reference(construct.key, attributes)

    def owners(self, act: Act) -> Iterable[tuple[Draft, Reading, str]]:
        """The resources that a method is called on, how its arguments are read for each, and the method's name."""
        constructs, attributes = self.constructs.of(act.target)
        before, _, method = attributes.rpartition(".")
        for one in constructs:
            value = self._refer(one, before)
            draft = self._drafts.get(value.key) if isinstance(value, Reference) else None
            if draft is not None:
                yield draft, Reading(self.constructs, meaning, self._refer, one, act.place.path), method

    def draft_of(self, term: Term) -> Draft | None:
        """The resource that a term refers to."""
        return next((self._drafts[one.key] for one in references(term.value) if one.key in self._drafts), None)

    def drafts(self, values: Values, reading: Reading) -> list[Draft]:
        """The resources that the values lead to."""
        found = [self.draft_of(Term(self._refer(one, attributes))) for one, attributes in reading.targets(values)]
        return [draft for draft in found if draft is not None]

    # --- Making ---------------------------------------------------------------------------------------------------

    def _draft(self, key: str, one: Construct, form: Form, name: str = "") -> Draft:
        logical = f"{one.logical}{name}"
        draft = Draft(key, form.type, logical, one.made.place, one.profile, form.external)
        self._drafts[key] = draft
        return draft

    def made(self, owner: Draft, name: str, kind: str, place: Place) -> Draft:
        """A further resource that belongs to ``owner``."""
        key = f"{owner.key}/{name}"
        while key in self._drafts:
            key += "+"
        draft = self._drafts[key] = Draft(key, kind, f"{owner.logical}{name}", place, owner.profile)
        return draft

    def fill(self, draft: Draft, form: Form, args: Args, reading: Reading) -> None:
        """Set the properties that arguments tell."""
        used = set(_OWN_KEYWORDS) | set(form.attached) | set(form.handler) | {form.code, form.container, form.alarm}
        for target, source in form.properties.items():
            if source is not None:
                used |= {alternative.split(".")[0].split(":")[0] for alternative in source.split("|")}
                draft.set(target, self.source(source, args, reading))
        for key, values in keywords(args):
            if key not in used:
                written, inside = self._spelling(key)
                draft.set(written, reading.term(values, draft.place.line, inside))
        for name, target in form.attached.items():
            for struct in structs(reading.at(args, name)):
                self.attach(draft, struct, target, reading)

    def source(self, source: str, args: Args, reading: Reading, line: int = 0) -> Term:
        """The argument that a source of the table names."""
        if source.startswith("'"):
            return literal(source[1:])
        for alternative in source.split("|"):
            path, _, conversion = alternative.partition(":")
            values = reading.at(args, path)
            term = reading.term(values, line) if values else NOTHING
            if conversion == "hours":
                term = literal(term.number // 3600) if term.number else term
            elif conversion:
                meant = self.table.values[conversion].get(term.text)
                term = literal(meant, term.line) if meant else NOTHING
            if term:
                return term
        return NOTHING

    def attach(self, owner: Draft, struct: Client, target: str, reading: Reading) -> None:
        """Tie an object to a construct: as an entry of its list ``target``, or as a resource of its own."""
        place = struct.site or owner.place
        if target == "Targets":
            owner.append(target, self._target(struct, reading, place.line if place.path == owner.place.path else 0))
            return
        if target == "Policies":
            owner.append(target, mapping({"PolicyDocument": reading.term((struct,))}))
            return
        if target:
            owner.append(target, reading.term((struct,)))
            return
        form = self.table.attached.get(struct.model.partition(":")[2])
        if form is None or form.integration:
            return
        draft = self.made(owner, struct.model.rpartition(".")[2], form.type, place)
        self.fill(draft, form, arguments_of(struct), reading)
        draft.set(form.owner, owner.reference)

    def _target(self, struct: Client, reading: Reading, line: int) -> Term:
        """An entry of a rule's targets."""
        draft = Draft("", "", "", Place(reading.path, line))
        args = arguments_of(struct)
        for name, source in self.table.targets.items():
            draft.set(name, self.source(source, args, reading))
        for message in structs(reading.at(args, "event|message")):
            if message.model.endswith(".from_event_path"):
                draft.properties.pop("Input", None)
                draft.set("InputPath", reading.term(reading.at(arguments_of(message), "0|path")))
            else:
                draft.set("Input", literal("a template"))
        return draft.resource().properties.at(line)

    # --- What a table can't say -----------------------------------------------------------------------------------

    def _finish(self, one: Construct, form: Form) -> None:
        draft, reading, args = self._drafts.get(one.key), self._reading.of(one), one.made.args
        if form.of:
            for task in self.drafts(reading.at(args, form.of), reading):
                self.contain(task, one.path[-1], args, reading, one.made.place)
        if draft is None:
            return
        if form.type == FUNCTION:
            self._function(draft, form, args, reading)
            self.invocations(draft, args, reading, one.made.place)
        if form.container is not None and not form.of:
            options = self._options(args, form.container, reading)
            self.contain(draft, one.logical, options, reading, one.made.place)
            self._tell(one, form, [draft])
        for metric in structs(reading.at(args, form.alarm)) if form.alarm else ():
            self.watch(draft, metric, reading)

    def _options(self, args: Args, name: str, reading: Reading) -> Args:
        """The arguments inside the argument ``name``; all of them for ""."""
        if not name:
            return args
        for value in reading.at(args, name):
            if isinstance(value, Client):
                return arguments_of(value)
            if isinstance(value, Record):
                return [(str(key), values) for key, values in value.entries]
        return []

    def _function(self, draft: Draft, form: Form, args: Args, reading: Reading) -> None:
        """Where a function's code lies and what is called in it."""
        code = reading.at(args, form.code)
        runtime = _PYTHON.match(reading.term(reading.at(args, "runtime")).text)
        draft.set("Runtime", literal(f"python{runtime[1]}.{runtime[2]}") if runtime else NOTHING)
        root = self.folder(code, reading)
        for tail in self._read_from(code, reading):
            root = self._folders.found(tail, reading.path)
            name = reading.term(reading.at(args, "handler")).text.rpartition(".")[2]
            draft.set("Handler", literal(f"{posixpath.basename(tail).removesuffix('.py')}.{name}"))
        if form.handler:
            file, name = (reading.term(reading.at(args, one)).text for one in form.handler)
            draft.set("Handler", literal(f"{(file or 'index.py').removesuffix('.py')}.{name or 'handler'}"))
            root = self._folders.found(pattern(reading.term(code).value), reading.path)
        if root is not None:
            draft.roots = (root,)
        elif any(one.model.endswith(("InlineCode", "from_inline")) for one in structs(code)):
            draft.properties.pop("Handler", None)
        for image in structs(code):
            command = reading.term(reading.at(arguments_of(image), "cmd"))
            words = [word.text for word in command.elements()] or list(self._images.command(root))
            if root is not None and words and "image" in image.model.lower():
                draft.set("Handler", literal(words[-1]))
        draft.properties.pop("Code", None)

    def invocations(self, draft: Draft, args: Args, reading: Reading, place: Place) -> None:
        """Where the outcomes of a function's asynchronous calls go."""
        given = [(name, values) for name, values in args if name in ("on_failure", "on_success")]
        if given:
            form = self.table.constructs["aws_lambda.EventInvokeConfig"]
            made = self.made(draft, "EventInvokeConfig", form.type, place)
            self.fill(made, form, given, reading)
            made.set("FunctionName", draft.reference)

    def folder(self, values: Values, reading: Reading) -> str | None:
        """The folder of the asset that an object holds."""
        for struct in structs(values):
            if struct.model.rpartition(".")[2] in self.table.assets:
                path = reading.term(reading.at(arguments_of(struct), "0|path|directory"))
                return self._folders.found(pattern(path.value), reading.path) if path else None
        return None

    def _read_from(self, code: Values, reading: Reading) -> Iterator[str]:
        """The file whose content is the code: ``InlineCode(open("worker.py").read())``."""
        for struct in structs(code):
            for value in reading.at(arguments_of(struct), "0|code"):
                if isinstance(value, External) and value.path.startswith("file:"):
                    yield value.path.removeprefix("file:").removesuffix(".read").lstrip("/")

    def contain(self, task: Draft, name: str, args: Args, reading: Reading, place: Place) -> None:
        """A container of a task; further ones are tasks of their own here, since each has code of its own."""
        owner = task if "ContainerDefinitions" not in task.properties else self.made(task, name, TASK, place)
        if owner is not task:
            owner.properties = {key: value for key, value in task.properties.items() if key != "ContainerDefinitions"}
        draft = Draft("", "", "", place)
        for target, source in self.table.containers.items():
            draft.set(target, self.source(source, args, reading))
        root = self.folder(reading.at(args, "image"), reading)
        if root is not None:
            owner.roots = (root,)
            draft.properties.pop("Image", None)
            if not draft.properties.get("Command"):
                words = [literal(word) for word in self._images.command(root)]
                draft.set("Command", Term(tuple(words) or None))
        draft.set("Name", literal(reading.term(reading.at(args, "container_name")).text or name))
        container = dict(draft.resource().properties.items())
        entries = [_pair(key, term, place.line) for key, term in reading.term(reading.at(args, "environment")).items()]
        container["Environment"] = Term(tuple(entries))
        owner.append("ContainerDefinitions", Term(container, place.line))

    def watch(self, draft: Draft, metric: Client, reading: Reading) -> None:
        """An alarm on a metric: one of a construct's own methods, or written out."""
        args = arguments_of(metric)
        name = metric.model.rpartition(".")[2].removesuffix("()")
        for one, attributes in reading.targets((metric,)):
            draft.set("MetricName", literal(self.table.spelled(name.removeprefix("metric_"))))
            owner = Term(self._refer(one, attributes.rpartition(".")[0]))
            draft.set("Dimensions", Term((mapping({"Value": owner}),)))
            return
        draft.set("MetricName", reading.term(reading.at(args, "metric_name")))
        dimensions = reading.term(reading.at(args, "dimensions_map|dimensions"))
        draft.set("Dimensions", Term(tuple(_pair(key, term, 0) for key, term in dimensions.items())))

    # --- Patterns of several constructs ---------------------------------------------------------------------------

    def _pattern(self, one: Construct, form: Form) -> None:
        reading, args = self._reading.of(one), one.made.args
        waiting: list[tuple[Draft, Form, Part, Args]] = []
        functions = sum(1 for part in form.parts.values() if part.construct.startswith("aws_lambda.Function"))
        for name, part in form.parts.items():
            existing = reading.at(args, part.existing) if part.existing else ()
            if existing:
                self._parts[one.key, name] = reading.term(existing)
            elif part.is_made(lambda name: bool(reading.at(args, name))):
                own = self.table.constructs.get(part.construct) or Form(part.type)
                only = own.type == FUNCTION and functions == 1
                draft = self._draft(f"{one.key}/{name}", one, own, "" if only else f".{name}")
                self._parts[one.key, name] = draft.reference
                waiting.append((draft, own, part, self._options(args, part.given, reading) if part.given else []))
        for draft, own, part, options in waiting:
            self.fill(draft, own, options, reading)
            for target, source in part.properties.items():
                self._set_part(draft, target, source, one)
            if own.type == FUNCTION:
                self._function(draft, own, options, reading)
        self._tell(one, form, [draft for draft, own, _, _ in waiting if own.type == FUNCTION][:1])

    def _set_part(self, draft: Draft, target: str, source: str, one: Construct) -> None:
        term = literal(source[1:]) if source.startswith("'") else self._parts.get((one.key, source[1:]), NOTHING)
        list_name, _, inner = target.partition(".")
        if term and list_name == "Targets":
            draft.append("Targets", mapping({inner: term}, draft.place.line))
        else:
            draft.set(target, term)

    def _tell(self, one: Construct, form: Form, services: list[Draft]) -> None:
        """Give the services of a pattern its variables and permissions."""
        for name, part in form.variables.items():
            term = self._parts.get((one.key, part))
            for draft in services:
                self.variable(draft, name, term or NOTHING)
        for part, action in form.grants.items():
            for draft in services:
                resource = self._parts.get((one.key, part), NOTHING)
                draft.append("Statements", mapping({"Action": literal(action), "Resource": resource}, draft.place.line))

    def variable(self, draft: Draft, name: str, term: Term, container: str = "") -> None:
        """Set a variable of a function, or of a task's container (of all of them when it is not named)."""
        if draft.type == FUNCTION and term:
            draft.set(f"Environment.Variables.{name}", term)
        for key, other in self._drafts.items():
            if draft.type == TASK and term and (key == draft.key or key.startswith(f"{draft.key}/")):
                pair = _pair(name, term, term.line)
                other.properties["ContainerDefinitions"] = [
                    _with_variable(one, pair) if container in ("", one.get("Name").text) else one
                    for one in other.properties.get("ContainerDefinitions", ())
                ]


def _pair(name: str, term: Term, line: int) -> Term:
    return mapping({"Name": literal(name), "Value": term}, term.line or line)


def _with_variable(container: Term, pair: Term) -> Term:
    entries: Mapping[str, Term] = dict(container.items())
    return Term({**entries, "Environment": Term((*container.get("Environment").elements(), pair))}, container.line)
