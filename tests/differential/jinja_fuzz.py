#!/usr/bin/python3
"""Generates Jinja templates and runs them with jinja2, set up as StackStorm does, and with our engine.

usage: jinja_fuzz.py --engine 'build/release/src/midwatch/midwatch eval --batch -' [--seed N] [--seconds S] [--show N]

A difference is another text, or an error on one side only; it is shrunk to a smaller template that still differs.
What may differ is in docs/differences.md; ALLOWED below leaves it out. Exit status 1 when something differs.
"""

import argparse
import json
import os
import random
import re
import signal
import subprocess
import sys
import time

try:
    import jinja2
    from jinja2 import sandbox
except ImportError:
    print("python3-jinja2 is not installed: nothing to compare with")
    sys.exit(77)

BATCH = 400

# ---------------------------------------------------------------- the reference


def environment():
    env = sandbox.SandboxedEnvironment(undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    flags = lambda ignorecase: re.IGNORECASE if ignorecase else 0
    text = lambda value: value if isinstance(value, str) else str(value)
    env.filters['regex_match'] = lambda v, p, ignorecase=False: bool(re.match(p, text(v), flags(ignorecase)))
    env.filters['regex_search'] = lambda v, p, ignorecase=False: bool(re.search(p, text(v), flags(ignorecase)))
    env.filters['regex_replace'] = lambda v, p, r, ignorecase=False: re.sub(p, r, text(v), flags=flags(ignorecase))
    env.filters['regex_substring'] = \
        lambda v, p, result_index=0, ignorecase=False: re.findall(p, text(v), flags(ignorecase))[result_index]
    env.filters['basename'] = os.path.basename
    env.filters['dirname'] = os.path.dirname
    env.filters['to_json_string'] = \
        lambda v, indent=None, sort_keys=False, separators=(',', ': '): \
        json.dumps(v, indent=indent, sort_keys=sort_keys, separators=separators)
    env.filters['json_escape'] = lambda v: json.dumps(v).strip('"')
    return env


class TooSlow(Exception):
    pass


def stop(_signal, _frame):
    raise TooSlow()


def reference(env, case):
    signal.setitimer(signal.ITIMER_REAL, 2)
    try:
        context = json.loads(json.dumps(case['context']))
        return ('output', env.from_string(case['template']).render(context))
    except TooSlow:
        return ('skipped', 'slow')
    except Exception as error:  # whatever the reference raises is an error
        return ('error', type(error).__name__ + ': ' + str(error))
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)


class Driver:
    """Our engine: a command that reads cases from its standard input, one JSON object a line."""

    def __init__(self, command):
        self.command = command.split()

    def run(self, cases):
        lines = ''.join(json.dumps(dict(case, layer='jinja', id=f'jinja/fuzz/{i}')) + '\n' for i, case in enumerate(cases))
        done = subprocess.run(self.command, input=lines.encode(), stdout=subprocess.PIPE, check=False)
        answers = []
        for line in done.stdout.splitlines():
            answer = json.loads(line)
            if 'output' in answer:
                answers.append(('output', answer['output']))
            else:
                answers.append(('error', answer['error']['kind'] + ': ' + answer['error']['message']))
        if len(answers) != len(cases):
            sys.exit(f'the engine answered {len(answers)} of {len(cases)} cases, exit status {done.returncode}; '
                     f'the next was {cases[min(len(answers), len(cases) - 1)]["template"]!r}')
        return answers


# What differs on purpose, by a pattern over the template or over either result (docs/differences.md, "Expressions").
ALLOWED_RESULT = re.compile(r' at 0x|[0-9]j\)|complex number|(<|&lt;)(built-in|bound method|function|class |Macro|LoopContext|Cycler)|'
                            r'Exceeds the limit|recursion|limit: ', re.IGNORECASE)
ALLOWED_TEMPLATE = re.compile(r'random|lipsum|\.items(?!\()')
LAZY_FILTER = re.compile(r'\|\s*(map|select|reject)')  # looks at what it goes over when it is called, not when it is gone over


def differs(template, theirs, ours):
    if theirs[0] == 'skipped' or ALLOWED_TEMPLATE.search(template):
        return False
    if "'generator' object is not subscriptable" in ours[1]:  # Jinja has an undefined value where it folds constants
        return False
    if LAZY_FILTER.search(template) and theirs[0] != 'error' and ours[0] == 'error' and 'undefined' in ours[1]:
        return False
    if ALLOWED_RESULT.search(theirs[1]) or ALLOWED_RESULT.search(ours[1]):
        return False
    if theirs[0] == 'error' or ours[0] == 'error':
        return theirs[0] != ours[0]
    return theirs[1] != ours[1]


# ---------------------------------------------------------------- the grammar

CONTEXT = {
    's': 'Hello, World', 't': ' a b\tc ', 'u': 'straße Ünï ΑΣ', 'h': '<b>"x" & \'y\'</b>', 'e': '', 'w': 'one two-three four',
    'n': 3, 'z': 0, 'm': -7, 'f': 2.5, 'g': -0.75, 'b': True, 'no': None,
    'l': [3, 1, 2], 'ls': ['b', 'A', 'c', 'a'], 'lm': [1, 'x', None, 2.5], 'el': [], 'nested': [[1, 2], [3], []],
    'd': {'a': 1, 'B': 2, 'c': 'x', 'items': 5}, 'ed': {},
    'hosts': [{'name': 'web1', 'load': 0.5, 'tags': ['a', 'b']}, {'name': 'db', 'load': 0.9, 'tags': []},
              {'name': 'Web2', 'load': 0.5, 'tags': ['c']}],
    'deep': {'x': {'y': [{'k': 'v'}]}},
}


class Generator:
    def __init__(self, seed):
        self.random = random.Random(seed)

    def pick(self, *choices):
        choice = self.random.choice(choices)
        return choice() if callable(choice) else choice

    # ---- values by type; `deep` is what is left of the depth

    def text(self, deep):
        if deep <= 0:
            return self.pick('s', 't', 'u', 'h', 'e', 'w', 'd.c', 'hosts[0].name', "'ab'", "'a,b,,c'", "'%s-%s'", "'Title Case'",
                             "'<i>'", "'12'", "' 7 '", "'1.5'", "'x\\ny\\n'", "'ÄÖ'", "'{}:{}'", "'http://ex.org/a?b=c'")
        e = lambda: self.text(deep - 1)
        i = lambda: self.small()
        return self.pick(
            lambda: self.text(0),
            lambda: f'{e()} ~ {self.any(deep - 1)}',
            lambda: f'({e()} + {e()})',
            lambda: f'({e()} * {self.pick("0", "1", "2", "3")})',
            lambda: f'{self.wrap(e())}[{self.index()}]',
            lambda: f'{self.wrap(e())}.{self.text_method()}',
            lambda: f'{self.wrap(self.any(deep - 1))}|{self.text_filter()}',
            lambda: f'({e()} if {self.boolean(deep - 1)} else {e()})',
            lambda: f"'{self.percent()}' % {self.pick(i, e, lambda: f'({e()}, {i()})')}",
            lambda: f"'{self.brace()}'.format({self.any(deep - 1)}, {i()}, k={self.any(0)})",
            lambda: f'{self.wrap(self.list(deep - 1))}|join({self.pick("", e)})',
            lambda: f'{self.wrap(e())}|regex_replace({self.pattern()}, {self.replacement()})',
            lambda: f'{self.wrap(e())}|regex_substring({self.pattern()})',
        )

    def text_method(self):
        e = lambda: self.pick("'a'", "'b'", "' '", "'l'", "'ab'", "''", "'-'", "'ß'", 's')
        i = self.small
        return self.pick(
            'upper()', 'lower()', 'title()', 'capitalize()', 'swapcase()', 'casefold()', 'strip()', 'lstrip()', 'rstrip()',
            lambda: f'strip({e()})', lambda: f'replace({e()}, {e()})', lambda: f'replace({e()}, {e()}, {i()})',
            lambda: f'center({i()}, {e()})', lambda: f'ljust({i()})', lambda: f'rjust({i()}, "*")', lambda: f'zfill({i()})',
            lambda: f'removeprefix({e()})', lambda: f'removesuffix({e()})', 'expandtabs()', lambda: f'expandtabs({i()})',
            lambda: f'join({self.list(0)})', lambda: f"join(ls)", "translate({97: 'x', 98: None})",
            "encode().decode()", lambda: f'format({self.any(0)})',
        )

    def text_filter(self):
        e = lambda: self.text(0)
        i = self.small
        return self.pick(
            'upper', 'lower', 'title', 'capitalize', 'trim', 'e', 'escape', 'safe', 'forceescape', 'string', 'striptags',
            'urlencode', 'urlize', 'tojson', 'pprint', 'first', 'last', 'to_json_string', 'basename', 'dirname', 'json_escape',
            lambda: f'replace({e()}, {e()})', lambda: f'truncate({i()}, {self.pick("true", "false")}, "", 0)', 'truncate(9)',
            lambda: f'center({i()})', lambda: f'indent({i()}, {self.pick("true", "false")})', lambda: f'wordwrap({i()})',
            lambda: f'wordwrap({i()}, {self.pick("true", "false")}, "/")', 'xmlattr', lambda: f'format({self.any(0)})',
            lambda: f'default({e()})', lambda: f'default({e()}, true)', lambda: f'trim({e()})', 'filesizeformat',
            'filesizeformat(true)', lambda: f'attr({e()})', 'reverse', 'tojson(2)', "regex_match('a')",
        )

    def number(self, deep):
        if deep <= 0:
            return self.pick('n', 'z', 'm', 'f', 'g', '1', '2', '10', '0.1', '1e3', '0x1f', '1_000', 'd.a', 'l[0]', 'true')
        x = lambda: self.number(deep - 1)
        return self.pick(
            lambda: self.number(0), lambda: f'({x()} {self.pick("+", "-", "*", "/", "//", "%")} {x()})',
            lambda: f'-{x()}', lambda: f'+{self.wrap(x())}', lambda: f'{self.number(0)} ** {self.pick("0", "1", "2", "3", "-1", "0.5")}',
            lambda: f'{self.wrap(x())}|{self.pick("abs", "int", "float", "round", "round(1)", "int(base=16)", "round(0, chr)")}',
            lambda: f'{self.wrap(x())}|round({self.pick("0", "1", "-1", "2")}, {self.pick(chr(39) + "ceil" + chr(39), chr(39) + "floor" + chr(39), chr(39) + "common" + chr(39))})',
            lambda: f'{self.wrap(self.text(deep - 1))}|{self.pick("length", "int", "float", "wordcount", "count", "int(7)", "float(1.5)")}',
            lambda: f'{self.wrap(self.list(deep - 1))}|{self.pick("length", "sum", "min", "max", "first", "last", "sum(start=1)")}',
            lambda: f'{self.wrap(self.text(deep - 1))}.{self.pick("find", "rfind", "count", "index", "rindex")}({self.text(0)})',
            lambda: f'{self.wrap(x())}.{self.pick("bit_length()", "is_integer()", "real", "imag", "as_integer_ratio()", "conjugate()", "hex()", "numerator")}',
            lambda: f'{self.wrap(self.list(0))}.{self.pick("index", "count")}({self.any(0)})',
        )

    def boolean(self, deep):
        if deep <= 0:
            return self.pick('b', 'true', 'false', 'no', 'n', 'e', 'el')
        x = lambda: self.any(deep - 1)
        op = lambda: self.pick('==', '!=', '<', '<=', '>', '>=')
        return self.pick(
            lambda: f'({x()} {op()} {x()})', lambda: f'({self.number(deep - 1)} {op()} {self.number(deep - 1)})',
            lambda: f'({self.number(0)} {op()} {self.number(0)} {op()} {self.number(0)})',
            lambda: f'({x()} {self.pick("in", "not in")} {self.pick(self.list(deep - 1), self.text(deep - 1), "d")})',
            lambda: f'not {self.wrap(x())}', lambda: f'({x()} {self.pick("and", "or")} {x()})',
            lambda: f'({self.wrap(x())} is {self.pick("", "not ")}{self.test()})',
            lambda: f'{self.wrap(self.text(deep - 1))}.{self.pick("isalpha", "isdigit", "isalnum", "isspace", "isupper", "islower", "istitle", "isnumeric", "isdecimal", "isidentifier", "isprintable", "isascii")}()',
            lambda: f'{self.wrap(self.text(deep - 1))}.{self.pick("startswith", "endswith")}({self.text(0)})',
            lambda: f'{self.wrap(self.text(deep - 1))}|{self.pick("regex_match", "regex_search")}({self.pattern()}, {self.pick("true", "false")})',
            lambda: self.pick('ghost is defined', 'd.ghost is defined', 'ghost.x is defined', 'd.items is callable'),
        )

    def test(self):
        return self.pick('defined', 'undefined', 'none', 'boolean', 'true', 'false', 'integer', 'float', 'number', 'string', 'mapping',
                         'iterable', 'sequence', 'callable', 'odd', 'even', 'lower', 'upper', 'escaped', 'filter', 'test',
                         lambda: f'divisibleby({self.number(0)})', lambda: f'divisibleby {self.pick("2", "3", "n")}',
                         lambda: f'eq({self.any(0)})', lambda: f'sameas({self.pick("none", "true", "no", "l", "s", "1")})',
                         lambda: f'in({self.list(0)})', lambda: f'gt({self.number(0)})', lambda: f'ne {self.any(0)}')

    def list(self, deep):
        if deep <= 0:
            return self.pick('l', 'ls', 'lm', 'el', 'nested', 'hosts', '[1, 2, 3]', "('a', 'B')", 'range(4)', 'range(5, 0, -2)',
                             'hosts[0].tags', '[[1, "b"], [0, "a"]]', "['x', 'X', 'y']", '(1,)', 'd')
        x = lambda: self.list(deep - 1)
        return self.pick(
            lambda: self.list(0), lambda: f'[{self.any(deep - 1)}, {self.any(deep - 1)}]', lambda: f'({x()} + {x()})',
            lambda: f'({self.any(deep - 1)},)', lambda: f'({x()} * {self.pick("0", "1", "2")})',
            lambda: f'{self.wrap(x())}[{self.slice()}]', lambda: f'{self.wrap(x())}|{self.list_filter()}',
            lambda: f'{self.wrap(x())}|{self.list_filter()}|list',
            lambda: f'{self.wrap(self.text(deep - 1))}.{self.pick("split()", "splitlines()", "rsplit()", "splitlines(true)")}',
            lambda: f'{self.wrap(self.text(deep - 1))}.{self.pick("split", "rsplit", "partition", "rpartition")}({self.text(0)})',
            lambda: f'{self.wrap(self.text(deep - 1))}.{self.pick("split", "rsplit")}({self.pick("none", self.text(0))}, {self.small()})',
            lambda: f'{self.pick("d", "ed", "deep", "hosts[0]", self.dict(deep - 1))}.{self.pick("keys()", "values()", "items()")}|list',
            lambda: f'{self.pick("d", "ed", self.dict(deep - 1))}|{self.pick("dictsort", "items|list", "list", "dictsort(true)", "dictsort(by=chr(39))", "dictsort(reverse=true)", "dictsort(false, by=" + chr(39) + "value" + chr(39) + ")")}',
        )

    def list_filter(self):
        q = lambda *names: self.random.choice([f"'{name}'" for name in names])
        return self.pick(
            'list', 'sort', 'sort(reverse=true)', 'sort(case_sensitive=true)', 'reverse', 'unique', 'unique(true)', 'first', 'last',
            lambda: f'sort(attribute={q("name", "load", "load,name", "name,load", "ghost", "tags")})', lambda: f'map(attribute={q("name", "load", "tags.0", "ghost")})',
            lambda: f'map(attribute={q("ghost", "name")}, default={self.any(0)})',
            lambda: f'map({q("upper", "string", "length", "first", "int", "abs", "nosuch", "tojson", "list")})',
            lambda: f'map({q("default", "replace")}, {self.text(0)}, {self.text(0)})',
            lambda: f'{self.pick("select", "reject")}({self.pick("", lambda: q("odd", "string", "defined", "none", "nosuch", "number"))})',
            lambda: f'{self.pick("select", "reject")}({q("gt", "equalto", "in")}, {self.any(0)})',
            lambda: f'{self.pick("selectattr", "rejectattr")}({q("load", "name", "tags", "ghost")}{self.pick("", lambda: ", " + q("defined", "string", "odd"))})',
            lambda: f'selectattr({q("load", "name")}, {q("gt", "eq", "lt", "in")}, {self.any(0)})',
            lambda: f'groupby({q("load", "name", "ghost")})', lambda: f'groupby({q("ghost", "load")}, default={self.any(0)})',
            lambda: f'batch({self.pick("1", "2", "3")}{self.pick("", ", 0", ", none")})',
            lambda: f'slice({self.pick("1", "2", "3", "0")}{self.pick("", ", 0")})', lambda: f'min(attribute={q("load", "name")})',
            lambda: f'sum(attribute={q("load", "name")})', lambda: f'join({self.text(0)})', lambda: f'join(", ", attribute={q("name", "load")})',
            lambda: f'unique(attribute={q("load", "name")})', 'tojson', 'pprint', 'string', 'urlencode', 'length', 'random|string|length',
        )

    def dict(self, deep):
        return self.pick('d', 'ed', 'deep', 'hosts[0]', lambda: f"{{'a': {self.any(deep - 1)}, {self.any(0)}: 1}}",
                         lambda: f'dict(a={self.any(deep - 1)}, b=2)', lambda: f'dict([["k", {self.any(0)}]])', "{1: 'one', none: 2}",
                         lambda: f'dict(d, z={self.any(0)})')

    def any(self, deep):
        return self.pick(lambda: self.text(deep), lambda: self.text(deep), lambda: self.number(deep), lambda: self.number(deep),
                         lambda: self.list(deep), lambda: self.boolean(deep), lambda: self.dict(deep), lambda: self.member(deep),
                         'none', lambda: self.pick('ghost', 'd.ghost', 'd["a"]', 'd.get("q")', 'd.get("q", 4)', 'd.items', 's.x', 'l.9'))

    def member(self, deep):
        return self.pick('deep.x.y[0].k', 'deep["x"]["y"]', 'hosts[-1].name', 'd.a', 'd["B"]', 'l[1]', 's[0]', 'nested[0][1]',
                         lambda: f'{self.wrap(self.dict(deep - 1))}.{self.pick("a", "keys()", "get(1)", "get(" + chr(39) + "a" + chr(39) + ")", "copy()")}',
                         lambda: f'{self.wrap(self.list(deep - 1))}[{self.index()}]', "d['items']", 'd.items()', 'd.values()')

    def wrap(self, text):
        return text if re.fullmatch(r'[a-z]+', text) else f'({text})'

    def small(self):
        return self.pick('0', '1', '2', '5', '9', '12', '-1', '20')

    def index(self):
        return self.pick('0', '-1', '1', '7', self.slice, "'a'", 'n')

    def slice(self):
        part = lambda: self.pick('', '0', '1', '-1', '2', '9', '-9')
        return self.pick(lambda: f'{part()}:{part()}', lambda: f'{part()}:{part()}:{self.pick("1", "2", "-1", "-2", "")}')

    def pattern(self):
        return "r'...'".replace('r', '').replace('...', self.pick(
            'a', '[a-c]+', '(.)(.)', '\\\\w+', '\\\\d', '^a', 'o$', '(?P<x>l)+', '(?i)HELLO', 'l*', '', '(a|b)*', '\\\\s', '[^a-z]', '(?<=l)o',
            'o(?! )', '\\\\bW', '(', '[', 'a{,2}', '(?P<q>l)(?P=q)', '\\\\Aab?', 'd\\\\Z', '.', '(?s).', 'x|', '\\\\B', 'l{2}', '(l)\\\\1', '(?x) l l'))

    def replacement(self):
        return f"'{self.pick('', '-', '[{}]', '<', '&')}{self.pick('', chr(92) * 2 + 'g<0>', chr(92) * 2 + '1', chr(92) * 2 + 'g<x>', chr(92) * 2 + 'n', chr(92) * 2 + '0', chr(92) * 2 + 'q')}'"

    def percent(self):
        return self.pick('%s', '%d', '%5s|', '%-5s|', '%05d', '%.2f', '%r', '%x', '%e', '%g', '%+d', '%%', '%s %s', '%s:%d', '%c', '%5.1f', '% d', '%#x',
                         '%(a)s', '%i', '%.3s', '%a', '%G', '%o')

    def brace(self):
        return self.pick('{}', '{0}', '{1}{0}', '{k}', '{:>8}', '{:<8}|', '{:^9}', '{!r}', '{:d}', '{:.2f}', '{:,}', '{:08.3f}', '{:x}', '{:#b}', '{:e}',
                         '{:+}', '{:%}', '{{}}', '{', '}', '{0.real}', '{0[0]}', '{:*^10}', '{:_}', '{!s:>5}', '{:{1}}', '{:s}', '{:c}', '{2}', '{:5}|', '{:g}', '{!a}')

    # ---- statements

    def statement(self, deep):
        x = lambda: self.any(1)
        body = lambda: self.body(deep - 1)
        if deep <= 0:
            return self.pick(lambda: f'{{{{ {x()} }}}}', lambda: f'{{{{{self.sign()} {self.any(2)} {self.sign()}}}}}', 'text ', '\n', '  ', '{# note #}', 'a\n  b ')
        return self.pick(
            lambda: self.statement(0), lambda: f'{{{{ {self.any(3)} }}}}',
            lambda: self.tag(f'if {self.boolean(1)}') + body() + self.tag('endif'),
            lambda: self.tag(f'if {self.boolean(1)}') + body() + self.tag(f'elif {self.boolean(1)}') + body() + self.tag('else') + body() + self.tag('endif'),
            lambda: self.tag(f'for x in {self.list(1)}') + body() + self.loop_part() + self.tag('endfor'),
            lambda: self.tag(f'for x in {self.list(1)} if {self.pick("x", "x is string", "x > 1", "loop is defined")}') + self.loop_part() + self.tag('else') + body() + self.tag('endfor'),
            lambda: self.tag(f'for k, v in {self.pick("d.items()", "d|dictsort", "d|items", "nested", "hosts|groupby(" + chr(39) + "load" + chr(39) + ")")}') + '{{ k }}={{ v }} ' + self.tag('endfor'),
            lambda: self.tag(f'for x in nested recursive') + '{{ x if x is not iterable else loop(x) }}' + '{{ loop.depth }}' + self.tag('endfor'),
            lambda: self.tag(f'set y = {self.any(1)}') + '{{ y }}', lambda: self.tag(f'set y, q = {self.pick("1, 2", "l", "nested[0]", self.list(1))}') + '{{ y }}{{ q }}',
            lambda: self.tag(f'set y') + body() + self.tag('endset') + '{{ y }}', lambda: self.tag(f'set y | {self.pick("upper", "trim", "e")}') + body() + self.tag('endset') + '{{ y }}',
            lambda: self.tag(f'with y = {x()}, q = {x()}') + '{{ y }}' + body() + self.tag('endwith'),
            lambda: self.tag(f'filter {self.pick("upper", "trim", "escape", "replace(" + chr(39) + "a" + chr(39) + ", s)", "length", "indent(2)")}') + body() + self.tag('endfilter'),
            lambda: self.macro(body), lambda: self.tag('autoescape ' + self.pick('true', 'false', 'b', 'no')) + body() + self.tag('endautoescape'),
            lambda: self.tag(f'block {self.pick("p", "q", "r")}{self.pick("", " scoped")}') + body() + self.tag('endblock') + self.pick('', '{{ self.p() }}'),
            lambda: self.tag('raw') + '{{ x }} {% y %}' + self.tag('endraw'),
            lambda: self.tag('set ns = namespace(c=0)') + self.tag(f'for x in {self.list(1)}') + self.tag('set ns.c = ns.c + 1') + self.tag('endfor') + '{{ ns.c }}',
            lambda: self.tag(f'print {x()}, {x()}'), lambda: self.tag(f'{self.pick("include", "extends", "import", "do", "break", "nosuch")} {self.text(0)}'),
        )

    def macro(self, body):
        name = self.pick('f', 'g2')
        call = self.pick('(1)', '(1, 2)', '(a=3)', '()', '(1, c=4)', '(1, 2, 3)', '(*l)', '(**d)')
        inner = self.pick('{{ a }}', '{{ a }}{{ c }}', '{{ a }}{{ varargs }}', '{{ a }}{{ kwargs }}', '{{ caller() if caller else 0 }}', '{{ caller(1) }}')
        define = self.tag(f'macro {name}({self.pick("a", "a, c=2", "a=s, c=a", "")})') + inner + body() + self.tag('endmacro')
        use = self.pick(f'{{{{ {name}{call} }}}}', f'{{{{ {name}.name }}}}{{{{ {name}.arguments }}}}',
                        self.tag(f'call {name}{call}') + 'in{{ n }}' + self.tag('endcall'), self.tag(f'call(p) {name}{call}') + '{{ p }}' + self.tag('endcall'))
        return define + use

    def loop_part(self):
        return ''.join(self.pick('{{ x }}', '{{ loop.index }}', '{{ loop.index0 }}', '{{ loop.revindex }}', '{{ loop.first }}', '{{ loop.last }}', '{{ loop.length }}',
                                 "{{ loop.cycle('o', 'e') }}", '{{ loop.changed(x) }}', '{{ loop.previtem if not loop.first }}', '{{ loop.nextitem is defined }}',
                                 '{% if loop.last %}.{% else %},{% endif %}', '{{ x.name }}', '{{ loop.depth0 }}', '{% set y = x %}{{ y }}')
                       for _ in range(self.random.randint(1, 3)))

    def sign(self):
        return self.random.choice(['', '', '', '-', '+'])

    def tag(self, content):
        end = self.random.choice(['', '', '', '\n', ' ', '\n\n'])
        return self.random.choice(['', '', ' ', '\n  ']) + '{%' + self.sign() + ' ' + content + ' ' + self.sign() + '%}' + end

    def body(self, deep):
        return ''.join(self.statement(deep) for _ in range(self.random.randint(0, 2)))

    def template(self):
        if self.random.random() < 0.6:
            return f'{{{{ {self.any(self.random.randint(1, 4))} }}}}'
        return ''.join(self.statement(2) for _ in range(self.random.randint(1, 3)))


# ---------------------------------------------------------------- shrinking


def smaller(template):
    """Shorter templates, the shortest first: without a part, or with an operand in the place of the whole."""
    pieces = re.split(r'(\{%.*?%\}|\{\{.*?\}\})', template, flags=re.DOTALL)
    out = set()
    for i, piece in enumerate(pieces):
        out.add(''.join(pieces[:i] + pieces[i + 1:]))
        inner = re.fullmatch(r'\{\{(.*)\}\}', piece, re.DOTALL)
        if not inner:
            continue
        tokens = re.findall(r"'(?:[^'\\]|\\.)*'|\w+|\s+|.", inner.group(1), re.DOTALL)
        for start in range(len(tokens)):
            for length in (1, 2, 3, 4, 6, 8, 12, 20, 40):
                if start + length <= len(tokens):
                    out.add(''.join(pieces[:i] + ['{{' + ''.join(tokens[:start] + tokens[start + length:]) + '}}'] + pieces[i + 1:]))
    return sorted((t for t in out if len(t) < len(template)), key=len)


def shrink(env, driver, case, rounds=12):
    kinds = (reference(env, case)[0], driver.run([case])[0][0])
    for _ in range(rounds):
        candidates = [dict(case, template=t) for t in smaller(case['template'])][:600]
        if not candidates:
            break
        ours = driver.run(candidates)
        for candidate, own in zip(candidates, ours):
            theirs = reference(env, candidate)
            if differs(candidate['template'], theirs, own) and (theirs[0], own[0]) == kinds:
                case = candidate
                break
        else:
            break
    return case


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--engine', required=True, help='the command that answers cases')
    parser.add_argument('--seed', type=int, default=None)
    parser.add_argument('--seconds', type=float, default=20)
    parser.add_argument('--cases', type=int, default=1 << 62, help='stop after so many cases: with a seed, the same run everywhere')
    parser.add_argument('--show', type=int, default=10, help='stop after so many differences')
    options = parser.parse_args()
    seed = options.seed if options.seed is not None else random.SystemRandom().randrange(1 << 32)
    signal.signal(signal.SIGALRM, stop)
    env = environment()
    driver = Driver(options.engine)
    generator = Generator(seed)
    end = time.monotonic() + options.seconds
    count = outputs = found = 0
    while time.monotonic() < end and found < options.show and count < options.cases:
        cases = [{'template': generator.template(), 'context': CONTEXT} for _ in range(BATCH)]
        count += len(cases)
        for case, ours in zip(cases, driver.run(cases)):
            theirs = reference(env, case)
            outputs += theirs[0] == 'output'
            if not differs(case['template'], theirs, ours):
                continue
            found += 1
            case = shrink(env, driver, case)
            print(f'{case["template"]!r}\n  reference {reference(env, case)}\n  ours      {driver.run([case])[0]}', flush=True)
            if found >= options.show:
                break
    print(f'seed {seed}: {count} templates, {outputs} with an output, {found} differences')
    return 1 if found else 0


if __name__ == '__main__':
    sys.exit(main())
