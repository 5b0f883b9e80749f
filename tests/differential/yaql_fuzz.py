#!/usr/bin/python3
"""Compares YAQL with the reference implementation on expressions made from a grammar.

usage: yaql_fuzz.py MIDWATCH [--seed N] [--seconds N] [--cases N] [--show N] [--keep FILE]

Each round makes a few hundred expressions with contexts, evaluates them with Debian's python3-yaql as
Orquesta sets it up and with `midwatch eval --batch`, and compares results (with their types) and kinds
of errors. Exit 1 with the differences, each as a case that --batch reads; 77 when python3-yaql is not
there. What is known to differ is listed in docs/differences.md and told apart in known().
"""

import argparse
import collections
import datetime
import json
import random
import re
import signal
import subprocess
import sys
import time

try:
    import yaql
    from yaql.language import factory, utils
except ImportError:
    print("skipped: python3-yaql is not installed")
    sys.exit(77)

# Templates by the type of the result; <type> is filled with an expression of that type, {} with one that
# sees an item as `$`. A leading digit weighs.
GRAMMAR = {
    "int": """
        0; 1; 2; 3; 7; -1; -4; 10; 64; ctx().n; ctx(n); int(<num>); int(<str>); int(<bool>); int(null)
        <int> + <int>; <int> - <int>; <int> * <int>; <int> / <int>; <int> mod <int>; -<int>; +<int>; (<int>)
        len(<list>); <list>.len(); <list>.count(); <str>.len(); len(<str>); <dict>.len(); len(<dict>); <set>.len()
        <list>.indexOf(<any>); <list>.lastIndexOf(<any>); <list>.indexWhere({bool}); <list>.lastIndexWhere({bool})
        <str>.indexOf(<str>); <str>.indexOf(<str>, <int>); <str>.indexOf(<str>, <int>, <int>); <str>.lastIndexOf(<str>)
        <str>.lastIndexOf(<str>, <int>); <str>.lastIndexOf(<str>, <int>, <int>); sign(<num>)
        bitwiseAnd(<int>, <int>); bitwiseOr(<int>, <int>); bitwiseXor(<int>, <int>); bitwiseNot(<int>)
        shiftBitsLeft(<int>, <small>); shiftBitsRight(<int>, <small>); selectCase(<bool>, <bool>); selectCase(<bool>)
        <ints>.sum(); <ints>.sum(<int>); <ints>.max(); <ints>.min(); <ints>.max(<int>); <ints>.min(<int>); max(<int>, <int>)
        min(<int>, <int>); <ints>.first(); <ints>.last(); <ints>.first(<int>); <ints>.last(<int>); <ints>.single()
        <ints>.reduce($1 + $2); <ints>.aggregate($1 - $2, <int>); <ints>.aggregate($1 * $2, seed => 1); <ints>[<small>]
        <date>.year; <date>.month; <date>.day; <date>.hour; <date>.minute; <date>.second; <date>.weekday; <date>.microsecond
        <small>.switchCase(<int>, <int>, <int>); let(<int>) -> $1 + <int>; let(x => <int>) -> $x * $x; with(<int>, <int>) -> $1 - $2
        def(f, $ + <int>) -> f(<int>); <ints>.unpack(a, b) -> $a + $b; coalesce(null, <int>); switch(<bool> => <int>, true => <int>)
        <date>.microsecond; <span>.microseconds; <hosts>.select($.n).sum(); <hosts>.where($.load > 0.5).len(); pow(<small>, <small>)
        pow(<int>, <small>, 7); abs(<int>); <dict>.get(a, <int>); ctx().d.a; <hosts>[0].n; call(len, [<list>], {}); item; a""",
    "num": """
        <int>; 0.5; 1.5; -2.25; 3.0; ctx().f; float(<num>); float(<str>); float(null); <num> + <num>; <num> - <num>; <num> * <num>
        <num> / <num>; <num> mod <num>; -<num>; abs(<num>); round(<num>); round(<num>, <small>); round(<num>, -1); pow(<num>, <small>)
        max(<num>, <num>); min(<num>, <num>); <nums>.sum(); <nums>.max(); <span>.seconds; <span>.days; <span>.hours; <span>.minutes
        <span>.milliseconds; <span> / <span>; <date>.timestamp; <hosts>.select($.load).max(); <hosts>.load.sum()""",
    "small": "0; 1; 2; 3; -1; 1; 2; ctx().k",
    "str": """
        a; ab; ''; 'a b'; 'Hello World'; " x "; 'a,b,,c'; 'ü€'; 'aXbX'; `a\\nb`; 'tab\\tn'; '12'; '-3'; '1.5'; '\\u0041'; ctx().s; ctx(s); foo
        <str> + <str>; <str>.toUpper(); <str>.toLower(); <str>.trim(); <str>.trim(<str>); <str>.trimLeft(); <str>.trimRight(<str>)
        <str>.trimLeft(<str>); <str>.trimRight(); <str>.norm(); norm(<str>); <str>.norm(<str>); <str>.substring(<int>)
        <str>.substring(<int>, <int>); <str>.replace(<str>, <str>); <str>.replace(<str>, <str>, <small>); <str>.replace({a => b})
        <str>.replace({a => <any>, b => 1}); <str> * <small>; <small> * <str>; str(<any>); str(<list>); str(<dict>); concat(<str>, <str>)
        concat(<str>); <strs>.join(<str>); <str>.join(<strs>); <list>.join('-'); hex(<int>); <strs>.first(); <strs>.sum(); <strs>.max()
        <strs>.min(); <strs>[0]; <regex>.search(<str>); <regex>.search(<str>, $.value); <regex>.replace(<str>, <str>)
        <str>.replace(<regex>, <str>); <regex>.replace(<str>, '-', <small>); <str>.replaceBy(<regex>, $.value.toUpper())
        <regex>.replaceBy(<str>, '<' + $.value + '>'); escapeRegex(<str>); <date>.format('%Y-%m-%d %H:%M:%S'); <date>.format('%j %a %b %y')
        switch(<bool> => <str>, <bool> => <str>); coalesce(<str>, <str>); let(<str>) -> $1; <hosts>.select($.name).join(','); ctx().hosts[0].name
        str(<num>); str(<bool>); str(null); <str>[0]; <strs>.last()""",
    "bool": """
        true; false; ctx().t; <num> < <num>; <num> <= <num>; <num> > <num>; <num> >= <num>; <num> = <num>; <num> != <num>
        <str> < <str>; <str> > <str>; <str> = <str>; <str> != <str>; <any> = <any>; <any> != <any>; <list> = <list>; <dict> = <dict>
        <int> in <ints>; <str> in <strs>; <str> in <str>; <any> in <list>; not <bool>; not <any>; <bool> and <bool>; <bool> or <bool>
        <any> and <bool>; <str> =~ <re>; <str> !~ <re>; <str> =~ <regex>; <str>.matches(<re>); <regex>.matches(<str>)
        <str>.startsWith(<str>); <str>.endsWith(<str>, <str>); isEmpty(<str>); <str>.isEmpty(); isEmpty(null); <str>.isEmpty(false)
        isEmpty(<str>, trim => false); bool(<any>); isBoolean(<any>); isInteger(<any>); isNumber(<any>); isString(<any>); isList(<any>)
        isDict(<any>); isSet(<any>); isIterable(<any>); isRegex(<any>); isDatetime(<any>); isTimespan(<any>); isRegex(<regex>)
        isDatetime(<date>); isTimespan(<span>); <dict>.containsKey(<str>); <dict>.containsValue(<any>); <list>.contains(<any>)
        <list>.any(); <list>.any({bool}); <list>.all(); <list>.all({bool}); any(<list>); all(<list>, {bool}); <set>.contains(<int>)
        <set> < <set>; <set> <= <set>; <set> > <set>; <set> >= <set>; <set> = <set>; <date> < <date>; <date> >= <date>; <span> > <span>
        <span> = <span>; <date> = <date>; null < <any>; <any> >= null; null = null; <list> < <list>; <bool> < <bool>""",
    "ints": """
        []; [1]; [3, 1, 2]; [2, 2, 1]; [<int>, <int>]; [<int>, <int>, <int>]; ctx().xs; range(<small>); range(<small>, 5); range(0, 7, 2); range(5, 0, -2)
        <ints>.where({bool}); <ints>.select({int}); <ints>.filter($ > <int>); <ints>.map($ * 2); <ints>.skip(<small>); <ints>.limit(<small>)
        <ints>.take(<small>); <ints>.reverse(); <ints>.orderBy($); <ints>.orderByDescending($); <ints>.distinct(); <ints>.append(<int>)
        <ints>.append(<int>, <int>); <ints>.concat(<ints>); <ints> + <ints>; <ints>.takeWhile($ < <int>); <ints>.skipWhile($ < <int>)
        <ints>.accumulate($1 + $2); <ints>.accumulate($1 + $2, <int>); <ints>.insert(<int>, <int>); <ints>.insertMany(<int>, <ints>)
        <ints>.replace(<int>, <int>); <ints>.replace(<int>, <int>, <int>); <ints>.replaceMany(<int>, <ints>); <ints>.replaceMany(<int>, <ints>, <int>)
        <ints>.delete(<int>); <ints>.delete(<int>, <int>); <ints>.toList(); <ints>.memorize(); <ints> * <small>; <small> * <ints>
        <int>.repeat(<small>); <ints>.cycle().limit(4); sequence().limit(<small>); sequence(<int>, <int>).limit(3); sequence(step => 3).take(2)
        generate(<int>, $ < 20, $ + 7); generate(1, $ < <int>, $ * 2, $ + 1); generateMany(1, switch($ < 4 => [$ + 1, $ + 2], true => []))
        generate(0, $ < 10, ($ + 3) mod 5, decycle => true); generateMany(1, [($ * 2) mod 7], decycle => true)
        <ints>.defaultIfEmpty(<ints>); <list>.flatten(); <strs>.select($.len()); <hosts>.select($.n); <hosts>.n.toList(); <ints>.distinct($ mod 2)
        selectAllCases(<bool>, <bool>); <ints>.splitAt(<int>)[0]; <dict>.values(); list(<int>, <ints>); list(<ints>.select($)); <ints>.selectMany([$, $])
        <ints>.orderBy($ mod 2).thenBy($); <ints>.orderBy($ mod 2).thenByDescending(-$); let(<ints>) -> $1.select($ + 1); distinct(<ints>)
        concat(<ints>, <ints>); append(<ints>, <int>); <ints>.selectMany(range($)); <ints>.zip(<ints>).select($[0] + $[1])""",
    "nums": "[]; [0.5, 1]; [<num>, <num>]; <ints>; [1, 2.5, <num>]",
    "strs": """
        []; [a]; [b, a, c]; [<str>, <str>]; ctx().names; <str>.split(); <str>.split(<str>); <str>.split(',', <small>); <str>.rightSplit(',', <small>)
        <str>.rightSplit(); <str>.toCharArray(); <strs>.select($.toUpper()); <strs>.where($ > <str>); <strs>.orderBy($); <strs>.orderBy($.len())
        <strs>.distinct(); <strs> + <strs>; <dict>.keys(); <regex>.split(<str>); <str>.split(<regex>); <str>.split(<regex>, <small>)
        <regex>.searchAll(<str>); <regex>.searchAll(<str>, $.value + '!'); <hosts>.select($.name); <hosts>.name; <strs>.takeWhile($ != <str>)""",
    "list": """
        3 <ints>; 2 <strs>; [<any>, <any>]; [null, <any>, 1]; [[1, 2], [3]]; [<list>, <int>]; [{a => 1}, {a => 2}]; <ints>.enumerate(); <ints>.enumerate(<int>)
        <ints>.zip(<strs>); <ints>.zipLongest(<strs>); <ints>.zipLongest(<strs>, default => 0); <ints>.slice(<small>); <ints>.slice(2)
        <ints>.splitWhere({bool}); <ints>.sliceWhere({bool}); <ints>.splitAt(<int>); <ints>.groupBy($ mod 2); <ints>.groupBy($ mod 2, $ * 2)
        <ints>.groupBy($ mod 2, $, $.sum()); <ints>.groupBy($ mod 3, aggregator => $.len()); <strs>.groupBy($.len()); <dict>.items()
        <ints>.join(<ints>, $1 < $2, [$1, $2]); <ints>.join(<strs>, true, $2); examine(<bool>, <any>); <hosts>; list(); list(<any>); <set>.toList().orderBy($)
        <list>.where({bool}); <list>.select({any}); <list>.skip(<small>); <list>.limit(<small>); <list>.reverse(); <list>.selectMany($)
        <dict>.items().toList(); zip(<ints>, <strs>); zip(<ints>, <strs>, pad => <int>); <list>.insert(<int>, <any>); <list>.distinct(); <list>.append(<any>)
        <hosts>.orderBy($.load); <hosts>.orderByDescending($.load).thenBy($.name).select($.name); <hosts>.groupBy($.name, $.n); <list> + <list>""",
    "hosts": """
        3 ctx().hosts; <hosts>.where($.load > <num>); <hosts>.where($.name = <str>); <hosts>.skip(1); <hosts>.limit(<small>)
        <hosts>.select({name => $.name, load => $.load, n => $.n + <int>}); <hosts>.select($.set(n, <int>)); <hosts>.orderBy($.n)""",
    "dict": """
        {}; {a => 1}; {a => <any>, b => <any>}; {<str> => <int>}; {1 => a}; ctx().d; dict(a => <int>); dict([[a, 1], [b, <any>]]); dict(<strs>.select([$, $.len()]))
        <dict> + <dict>; <dict>.set(<str>, <any>); <dict>.set({c => <any>}); <dict>.set(c => <any>, d => 2); <dict>.delete(a); <dict>.delete(<str>, <str>)
        <dict>.deleteAll([a, <str>]); <strs>.toDict($); <strs>.toDict($, $.len()); <ints>.toDict(str($), $ * $); <dict>.mergeWith(<dict>)
        <dict>.mergeWith({a => [1, <any>]}); <dict>.mergeWith(<dict>, $1 + $2); <dict>.mergeWith(<dict>, itemMerger => $2); ctx().hosts[0]
        <dict>.mergeWith(<dict>, maxLevels => 1); {a => {b => <any>}}; {a => [1, 2], b => {c => 1}}; dict(<hosts>.select([$.name, $.n])); <dict>.mergeWith({a => {b => <any>}})""",
    "set": """
        set(); set(1, 2); set(<int>, <int>, <int>); <ints>.toSet(); <set>.union(<set>); <set>.intersect(<set>); <set>.difference(<set>)
        <set>.symmetricDifference(<set>); <set>.add(<int>); <set>.remove(<int>, <int>); <set> - <set>; <set> + <set>; set(<ints>.select($))""",
    "regex": "regex(<re>); regex(<re>, true); regex(<re>, ignoreCase => <bool>); regex('(a)(b)?'); regex('[a-z]+'); regex('\\\\s*,\\\\s*'); regex(' '); regex('^a', multiLine => true)",
    "re": "a; '.'; '^a.*'; '[a-c]+'; '\\\\d+'; 'b$'; 'x|a'; '(a)'; '\\\\w+'; ' '; 'ü'; 'A'",
    "date": """
        datetime(2024, 2, 29); datetime(2023, 12, 31, 23, 59, 59, 999999); datetime(2000, 1, 1, 12, 30, offset => timespan(hours => 2)); datetime(1700000000)
        datetime(0.5); datetime('2024-05-06T07:08:09Z'); datetime('2024-05-06 07:08:09+03:00'); datetime('06/05/2024', '%d/%m/%Y'); <date> + <span>
        <date> - <span>; <span> + <date>; <date>.date; <date>.utc; <date>.replace(year => 2020); <date>.replace(month => <small>, day => 1)
        <date>.replace(hour => <small>, offset => timespan(hours => -3)); datetime(<int>, <small>, <small>); datetime('2024-05-06')""",
    "span": """
        timespan(); timespan(days => 1); timespan(hours => <int>, minutes => 5); timespan(seconds => <int>); timespan(1, 2, 3, 4, 5, 6); <span> + <span>
        <span> - <span>; -<span>; <span> * <num>; <num> * <span>; <span> / <num>; <date> - <date>; <date>.time; <date>.offset; +<span>
        timespan(microseconds => <int>); timespan(milliseconds => 1500); utctz()""",
    "any": """
        3 <int>; <num>; 3 <str>; 2 <bool>; 2 <list>; 2 <dict>; null; null; ctx().nothing; ctx().missing; $x; $; ctx().nothing?.a; ctx().d?.a; ctx().d?.keys().len()
        <dict>.get(<str>); <dict>.get(<str>, <any>); <dict>[a]; <dict>.a; <dict>[<str>, <any>]; <list>[<small>]; <list>.first(); <list>.first(null); <list>.last(<any>); <list>.max()
        <list>.min(); <list>.sum(); <list>.single(); switch(<bool> => <any>); switch(<any> => <any>, true => <any>); coalesce(<any>, <any>); <set>; <date>; <span>
        <any> and <any>; <any> or <any>; <any>.assert($ = $); <int>.assert($ > 0, 'no'); let(a => <any>) -> $a; let(<any>, <any>) -> [$1, $2]; <list>.unpack() -> $1
        <list>.unpack(x, y) -> $y; def(g, $1) -> g(<any>); with(<any>) -> $1; call(str, [<any>], {}); <any>.str(); nope(<any>); <any>.nope(); <any>.x; <any> + <any>; <any> - <any>
        <any> * <any>; <any> / <any>; <any> mod <any>; <any> < <any>; <any> > <any>; <any> in <any>; <any> =~ <any>; -<any>; <any>[<any>]; <any>.len(); len(<any>); <any>.select({any})
        <any>.where({bool}); int(<any>); float(<any>); str(<any>); list(<any>); set(<any>); <any>.toList(); <any>.join(<any>); <any>.replace(<any>, <any>); <any>.get(<any>); abs(<any>); max(<any>, <any>)
        <any>.keys(); <any>.orderBy($); <any>.distinct(); <any>.sum(); <any>.flatten(); <any>.toUpper(); <any>.split(<any>); <any>.first(); <any>.isEmpty(); round(<any>); <any>.contains(<any>)""",
}
ITEM = {
    "bool": "$ > <int>; $ < 2; $ = <any>; $ mod 2 = 0; isInteger($); $; true; not $; $ in <list>; len($) > 1; $.a = 1; $ != null",
    "int": "$ + 1; $ * $; $; -$; $ mod 3; 1; len($); $ - <int>; $1 + 1",
    "any": "$; [$, $]; {a => $}; str($); $ + $; $.a; $[0]; null; $.len(); isList($); $1; $2; [$].len()",
}


def parse(text):
    out = []
    for part in re.split(r";|\n", text):
        part = part.strip()
        if not part:
            continue
        weight = re.match(r"(\d) (?:<\w+>|ctx\(\)\.\w+)$", part)
        out.extend([part[2:]] * int(weight.group(1)) if weight else [part])
    return out


GRAMMAR = {kind: parse(text) for kind, text in GRAMMAR.items()}
ITEM = {kind: parse(text) for kind, text in ITEM.items()}
LEAVES = {kind: [t for t in all_ if "<" not in t.replace("'<'", "") and "{" not in t or t == "{}"] or all_ for kind, all_ in GRAMMAR.items()}
HOLE = re.compile(r"<([a-z]+)>|\{(bool|int|any)\}")


class Maker:
    def __init__(self, rng):
        self.rng = rng

    def make(self, kind, depth):
        if self.rng.random() < 0.04:
            kind = self.rng.choice(["any", "str", "int", "list", "dict", "bool", "set", "date", "span"])
        table = GRAMMAR[kind] if depth > 0 else LEAVES[kind]
        template = self.rng.choice(table)
        if depth <= -6:
            return {"int": "1", "num": "1.5", "str": "a", "bool": "true", "list": "[1]", "dict": "{a => 1}"}.get(kind, "[]")
        return self.fill(template, depth)

    def fill(self, template, depth):
        def hole(match):
            if match.group(2):
                return self.fill(self.rng.choice(ITEM[match.group(2)]), depth - 2)
            made = self.make(match.group(1), depth - 1)
            # What follows a hole must not change how it is read.
            return "(%s)" % made if self.rng.random() < 0.9 and re.search(r" |^[-+]|^\d", made) else made
        return HOLE.sub(hole, template)

    def context(self):
        rng = self.rng
        return {
            "n": rng.randint(-3, 12), "k": rng.randint(0, 3), "f": rng.choice([0.5, 2.0, -1.25, 1e20]), "t": rng.random() < 0.5,
            "s": rng.choice(["", "text", "A b,C", "x1y22", "ß ü"]), "nothing": None,
            "xs": [rng.randint(-3, 9) for _ in range(rng.randint(0, 5))],
            "names": rng.sample(["web1", "db", "Cache", "a", ""], rng.randint(0, 4)),
            "d": rng.choice([{"a": 1}, {"a": [1, 2], "b": {"c": None}}, {}, {"a": None, "x y": "z"}, {"b": 2.5, "a": "t"}]),
            "hosts": [{"name": rng.choice(["web1", "web2", "db"]), "load": rng.choice([0.25, 0.5, 0.9, 1]), "n": rng.randint(0, 4)}
                      for _ in range(rng.randint(0, 4))],
        }

    def case(self, number):
        kind = self.rng.choice(list(GRAMMAR))
        return {"id": "fuzz/%d" % number, "expr": self.make(kind, self.rng.randint(1, 3)), "form": "expression", "context": self.context()}


# ---------------------------------------------------------------- the reference

def ctx(context, key=None):
    variables = context["__vars"]
    if key:
        if key.startswith("__"):
            raise VariableInaccessible(key)
        if key not in variables:
            raise VariableUndefined(key)
        return variables[key]
    return {name: value for name, value in variables.items() if not name.startswith("__")}


class VariableInaccessible(Exception):
    pass


class VariableUndefined(Exception):
    pass


def zip_longest(*args, **kwargs):
    import itertools
    pad = kwargs.get("pad")
    if not args:
        return []
    if len(args) == 1:
        return [] if args[0] is None else args[0]
    return list(itertools.zip_longest(*[[] if a is None else a for a in args], fillvalue=pad))


ENGINE = factory.YaqlFactory().create()
ROOT = yaql.create_context()
ROOT.register_function(ctx, name="ctx")
ROOT.register_function(zip_longest, name="zip")

KINDS = {
    "YaqlGrammarException": "syntax", "YaqlLexicalException": "syntax", "KeyError": "undefined", "VariableUndefined": "undefined",
    "NoFunctionRegisteredException": "undefined", "NoMethodRegisteredException": "undefined", "NoMatchingFunctionException": "type",
    "NoMatchingMethodException": "type", "AmbiguousFunctionException": "type", "AmbiguousMethodException": "type", "TypeError": "type",
    "ValueError": "value", "IndexError": "value", "ZeroDivisionError": "value", "StopIteration": "value", "AssertionError": "value",
    "error": "value", "OverflowError": "value", "ParserError": "value",
}


class Timeout(BaseException):
    pass


def alarm(_signal, _frame):
    raise Timeout()


def marked(value):
    if isinstance(value, dict):
        if all(isinstance(key, str) for key in value):
            return {key: marked(item) for key, item in value.items()}
        return {"$pairs": [[marked(key), marked(item)] for key, item in value.items()]}
    if isinstance(value, (set, frozenset)):
        return {"$set": [marked(item) for item in value]}
    if isinstance(value, (list, tuple)):
        return [marked(item) for item in value]
    if isinstance(value, datetime.datetime):
        return {"$datetime": value.isoformat()}
    if isinstance(value, datetime.timedelta):
        return {"$timespan_us": value // datetime.timedelta(microseconds=1)}
    if isinstance(value, float) and (value != value or value in (float("inf"), float("-inf"))):
        return {"$float": "nan" if value != value else "inf" if value > 0 else "-inf"}
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    return {"$foreign": str(type(value))}


def reference(case):
    context = ROOT.create_child_context()
    context["__vars"] = utils.convert_input_data(case["context"])
    signal.setitimer(signal.ITIMER_REAL, 1.0)
    try:
        return {"output": marked(ENGINE(case["expr"]).evaluate(context=context))}
    except Timeout:
        return {"timeout": True}
    except (MemoryError, RecursionError):
        return {"timeout": True}
    except Exception as error:  # noqa: every failure of an expression is a result
        return {"error": {"kind": KINDS.get(type(error).__name__), "type": type(error).__name__, "message": str(error)}}
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)


# ---------------------------------------------------------------- comparison

def flat(value):
    """The same for what differs only in the order of sets."""
    if isinstance(value, dict):
        if "$set" in value:
            value = value["$set"]
        else:
            return json.dumps({key: flat(item) for key, item in value.items()}, sort_keys=True)
    if isinstance(value, list):
        return json.dumps(sorted(flat(item) for item in value))
    return json.dumps(value)


def same(left, right):
    if isinstance(left, dict) and "$set" in left:
        return isinstance(right, list) and flat(left) == flat(right)
    if type(left) is not type(right):
        return False
    if isinstance(left, dict):
        return left.keys() == right.keys() and all(same(left[key], right[key]) for key in left)
    if isinstance(left, list):
        return len(left) == len(right) and all(map(same, left, right))
    return left == right or repr(left) == repr(right)


def bracketed(text):
    return text.replace("(", "[").replace(",)", "]").replace(")", "]")


def known(case, want, have):
    """Differences that docs/differences.md lists, and results that show objects of the Python language."""
    text = json.dumps(want)
    if "$foreign" in text or re.search(r" object at 0x|frozenset\(|<(class|function|generator|map|filter)|dict_(keys|values|items)\(|(Items|Keys|Values)View\(|values to unpack|cannot unpack non-iterable|re\.compile|datetime\.|tz(utc|offset)", text):
        return True
    # items() as a result: a set of lists, which Python cannot make. Texts' own format() is gone from YAQL 3.
    if "unhashable type" in text or (".format(" in case["expr"] and "No method" in have.get("error", {}).get("message", "")):
        return True
    # A text made of the name of a generator, or of a list that is no tuple.
    if re.search(r"str\(|join\(|replace|concat", case["expr"]) and "output" in want and "output" in have:
        if "<" in text and "<" in json.dumps(have):
            return True
        if bracketed(text) == bracketed(json.dumps({"output": have["output"]})):
            return True
    # A span that 64 bits of microseconds do not hold.
    if any(abs(int(us)) > 9 * 10 ** 18 for us in re.findall(r'"\$timespan_us": (-?\d+)', text)):
        return True
    if want.get("timeout") or have.get("error", {}).get("kind") == "limit":
        return True
    sets = re.search(r"set\(|toSet|union|intersect|ifference", case["expr"])
    if sets and "output" in want and "output" in have and flat(want["output"]) == flat(have["output"]):
        return True
    return False


def agrees(want, have):
    if "error" in want:
        return "error" in have and want["error"]["kind"] in (None, have["error"]["kind"])
    return "output" in have and same(want["output"], have["output"])


def run_round(midwatch, cases):
    lines = "".join(json.dumps(case) + "\n" for case in cases)
    done = subprocess.run([midwatch, "eval", "--batch", "-"], input=lines, capture_output=True, text=True, timeout=300)
    answers = {}
    for line in done.stdout.splitlines():
        row = json.loads(line)
        answers[row["id"]] = row
    if len(answers) != len(cases):
        raise SystemExit("midwatch answered %d of %d cases, exit %d: %s" % (len(answers), len(cases), done.returncode, done.stderr[:500]))
    return answers


def main():
    options = argparse.ArgumentParser()
    options.add_argument("midwatch")
    options.add_argument("--seed", type=int, default=None)
    options.add_argument("--seconds", type=float, default=15)
    options.add_argument("--cases", type=int, default=None, help="stop after so many")
    options.add_argument("--show", type=int, default=20)
    options.add_argument("--keep", help="append the differing cases to this file")
    given = options.parse_args()
    seed = given.seed if given.seed is not None else random.SystemRandom().randrange(1 << 30)
    maker = Maker(random.Random(seed))
    signal.signal(signal.SIGALRM, alarm)
    start = time.monotonic()
    total = 0
    results = collections.Counter()
    differences = {}
    while time.monotonic() - start < given.seconds and (given.cases is None or total < given.cases):
        cases = [maker.case(total + i) for i in range(300)]
        wanted = {case["id"]: reference(case) for case in cases}
        answers = run_round(given.midwatch, cases)
        total += len(cases)
        for case in cases:
            want, have = wanted[case["id"]], answers[case["id"]]
            results["value" if "output" in want else want.get("error", {}).get("type", "timeout")] += 1
            if agrees(want, have) or known(case, want, have):
                continue
            have.pop("id")
            shape = re.sub(r"\d+|'[^']*'", "_", json.dumps([want.get("error", {}).get("type"), have.get("error", {}).get("message", "")[-60:]]))
            differences.setdefault(shape, []).append((case, want, have))
    count = sum(map(len, differences.values()))
    print("seed %d: %d cases, %d differences of %d shapes; %s" % (
        seed, total, count, len(differences), ", ".join("%s %d" % pair for pair in results.most_common(6))))
    for found in sorted(differences.values(), key=len, reverse=True)[:given.show]:
        case, want, have = min(found, key=lambda one: len(one[0]["expr"]))
        used = {name: value for name, value in case["context"].items() if re.search(r"\b%s\b" % name, case["expr"])}
        print("%4d  %s   context %s\n        want %s\n        have %s" % (
            len(found), case["expr"], json.dumps(used), json.dumps(want), json.dumps(have)))
    if given.keep and differences:
        with open(given.keep, "a", encoding="utf-8") as keep:
            for found in differences.values():
                for case, want, have in found:
                    keep.write(json.dumps(dict(case, **want)) + "\n")
    return 1 if differences else 0


if __name__ == "__main__":
    sys.exit(main())
