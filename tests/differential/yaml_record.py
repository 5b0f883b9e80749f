#!/usr/bin/env python3
"""Records what PyYAML's SafeLoader makes of scalars and documents, for src/codec/yaml_test.cc.

    python3 tests/differential/yaml_record.py        # rewrites the two .jsonl files beside it

Needs PyYAML 6 (Debian: python3-yaml); the tests themselves need no Python. Random texts come from a
fixed seed, so that a second run changes nothing.
"""
import json
import pathlib
import random

import yaml

HERE = pathlib.Path(__file__).resolve().parent

WORDS = """
~ null Null NULL nULL none nil yes Yes YES yEs no No NO y Y n N true True TRUE tRUE false False FALSE on On ON oN off Off OFF
0 -0 +0 00 007 0o17 010 -010 +010 08 09 0_7 0_ 0__ 1_000 1__0 _1 1_ 123456789012345678901234567890 -9223372036854775808
9223372036854775807 9223372036854775808 18446744073709551615 18446744073709551616 0b1010 0b -0b11 +0b1 0b_1 0b2 0B1
0xff 0xFF 0XFF -0xF 0x 0x_1 0x_f_f 0xfffffffffffffffffffffffff 077777777777777777777777777 0b1111111111111111111111111111111111111111111111111111111111111111111111
1:30:00 1:30 -1:30 +1:30 0:30 00:30 01:30 1:60 1:59:59 190:20:30 1_0:30 1:3:4 1:300 1:30:00.5 1:30.5 -1:30.25 0:0.0 20:30.15 1:30. 1:60.5 99999999999999999999:00:01
1.0 1. .5 -.5 +.5 0.5 -0.0 +1.5 1e3 1E3 1.0e3 1.0e+3 1.0E+3 1.5e-3 1.e+3 .5e+3 1_0.5 1._5 1.5_ ._5 1.2.3 1.0e+999 -1.0e+999 1.0e-999 1.7976931348623157e+308 4.9e-324 2.2250738585072014e-308
.inf .Inf .INF .iNF -.inf +.inf -.INF .nan .NaN .NAN .Nan -.nan +.nan inf nan Infinity NaN
2001-12-14 2001-1-1 2001-12-14T21:59:43.10-05:00 2001-12-14t21:59:43Z 2001-12-14T21:59:43 2001-12-14T1:2:3 2001-12-14T01:02 2001-12-141 12001-12-14
= << - -- --- + . .. ... , : a:b a- @x %x 12a a12 1a 0xg 1,000 1.000,5 10% 5s 1h30m v1.2 1.2.3.4 2024-13-45T99:99:99Z
""".split()
PHRASES = ["", "2001-12-14 21:59:43.10 -5", "2001-12-14 21:59:43 +05:30", "2001-12-14  21:59:43", "a b", "yes no", "1 2",
           "null ", "naïve", "漢字", "1:30 ", "12 34:56", "host.cpu", "{{ _.x }}", "<% ctx(x) %>"]


def random_scalars(count):
    rng = random.Random(20240131)
    alphabets = ["0123456789", "01_", "0123456789_.", "0123456789:._-+", "0xXabcdefABCDEF_19", "0b01_", "+-.eE0123456789",
                 "yYeEsSnNoO", "tTrRuUeE", ".iInNfFaA", "0123456789-T: Z.+", "07_8", "12345:60."]
    for _ in range(count):
        alphabet = rng.choice(alphabets)
        yield rng.choice(["", "", "-", "+", ".", "0", "0x", "0b", "1:", "2001-01-"]) + "".join(
            rng.choice(alphabet) for _ in range(rng.randint(1, 9)))


def described(text):
    loader = yaml.SafeLoader("")
    tag = loader.resolve(yaml.ScalarNode, text, (True, False)).rsplit(":", 1)[1]
    if tag == "timestamp":
        return "str", text
    if tag in ("value", "merge"):
        return "str", text
    try:
        value = loader.construct_object(yaml.ScalarNode("tag:yaml.org,2002:" + tag, text))
    except (ValueError, OverflowError, IndexError):
        return "error", ""
    return tag, value if isinstance(value, str) else repr(value)


DOCUMENTS = [
    "", "# only a comment\n", "---\n", "--- a\n...\n", "a: 1\nb: [x, 'y', \"z\"]\n", "- 1\n- - 2\n  - 3\n-\n- {}\n- []\n",
    "base: &b {x: 1, y: 2}\nd:\n  <<: *b\n  y: 3\n  z: 4\n",
    "a: &a {x: 1}\nb: &b {x: 2, y: 2}\nc: {<<: [*a, *b], z: 3}\nd: {<<: [*b, *a]}\n",
    "a: &a {x: 1}\nb: &b {<<: *a, y: 2}\nc: {z: 0, <<: *b, x: 9}\n",
    "a: {x: 1}\nb: {'<<': {y: 1}}\n", "a: {<<: {y: 1}, x: 2}\n", "a: {<<: 1}\n", "a: {<<: [1]}\n", "a: {<<: [{x: 1}, {x: 2, q: 3}]}\n",
    "list: &l [1, 2]\nagain: *l\n", "a: *missing\n", "a: &x 1\nb: &x 2\n", "a: !!str 12\nb: !!int '12'\nc: !!float 1\nd: !!bool 'yes'\ne: !!null ''\n",
    "a: !!float 1e3\n", "a: !!int x\n", "a: !custom 1\n", "a: ! 12\n", "a: !!seq [1]\nb: !!map {x: 1}\n",
    "a: |\n  one\n  two\nb: >\n  folded\n  text\n\n  para\nc: |-\n  strip\nd: |+\n  keep\n\n", "a: |2\n    indented\n  less\n",
    "a: \"\\u00e9\\x41\\n\\t\\\"\\\\\"\nb: 'it''s'\n", "a: plain\n  continued\n  here\n", "a: b: c\n", "a:\n\t- x\n", "a: [1, 2\n", "a: {b: 1\n", "a: 'x\n",
    "? key\n: value\n", "a:\nb:\n  -\n", "key with spaces: v\n\"quoted key\": v\n", "a: 1\n---\nb: 2\n", "%YAML 1.1\n---\na: 1\n", "%FOO bar\n---\na: 1\n",
    "a: @x\n", "a: `x\n", "a: %x\n", "- a\nb: c\n", "a: 1\n b: 2\n", "url: http://x.y/z#frag # comment\n", "t: 12:30:45\nd: 012\n",
    "on: push\n", "version: 1.0\n\ntasks:\n  t1:\n    action: core.noop\n    next:\n      - when: <% succeeded() %>\n        do: t2\n  t2:\n    action: core.local cmd=\"echo {{ x }}\"\n",
    "- &a [1]\n- *a\n- [*a, *a]\n", "{a: 1, b: 2,}\n", "[1, 2,]\n", "[,]\n", "{a, b: 1}\n", "[a: 1, b: 2]\n", "a: - b\n", "\ufeffa: 1\n",
    "a: \"x\n  y\n\n  z\"\n", "a: >-\n  x\n   more\n  y\n", "é: ü\n漢字: 🙂\n", "a: 'tab\there'\n", "a: x\ty\n", "...\n", "a: 1 #no space\nb: 1#x\n", "- - - a\n", "{}\n", "[]\n", "''\n",
    "a: \u0085b\n", "a: x\u2028y\n", "a\r\nb: c\r\n", "a: 1\r\nb: 2\r\n", "a: \"\\ud83d\"\n", "-\ta\n", "a:\tb\n", "  indented: root\n", "a: &anchor\nb: *anchor\n",
]


def keys_are_texts(value):
    if isinstance(value, dict):
        return all(isinstance(k, str) for k in value) and all(map(keys_are_texts, value.values()))
    return not isinstance(value, list) or all(map(keys_are_texts, value))


def main():
    scalars = list(dict.fromkeys(WORDS + PHRASES + list(random_scalars(4000))))
    with open(HERE / "yaml_scalars.jsonl", "w", encoding="utf-8") as out:
        for text in scalars:
            out.write(json.dumps([text, *described(text)], ensure_ascii=False) + "\n")
    with open(HERE / "yaml_documents.jsonl", "w", encoding="utf-8") as out:
        for text in DOCUMENTS:
            try:
                value = yaml.load(text, Loader=yaml.CSafeLoader)  # on libyaml, as StackStorm's
            except (yaml.YAMLError, ValueError) as error:
                assert not isinstance(error, UnicodeError)
                out.write(json.dumps([text, "error"]) + "\n")
                continue
            if keys_are_texts(value):
                out.write(json.dumps([text, "value", value]) + "\n")


if __name__ == "__main__":
    main()
