#!/usr/bin/python3
"""Writes what Python's str knows of code points, as ranges.

usage: unicode_tables.py classes > src/expr/unicode_classes.cc
       unicode_tables.py case > src/expr/unicode_case.cc

The tables are those of the interpreter that runs it (Python 3.11: Unicode 14), so that upper(), isalpha() and
repr() agree with the reference implementations. Run it again, then scripts/format, to move to another version.
"""

import sys
import unicodedata

LAST = 0x110000
SURROGATES = range(0xD800, 0xE000)


def characters():
    return (c for c in range(LAST) if c not in SURROGATES)


def runs(points):
    """Ascending code points as (first, last, step) with step 1 or 2."""
    out = []
    for c in points:
        if out:
            first, last, step = out[-1]
            if first == last and c - last in (1, 2):
                out[-1] = (first, c, c - last)
                continue
            if c - last == step:
                out[-1] = (first, c, step)
                continue
        out.append((c, c, 1))
    return out


def shifts(mapping):
    """Code point -> code point as (first, last, step, difference)."""
    out = []
    for c, to in sorted(mapping.items()):
        if out:
            first, last, step, shift = out[-1]
            if shift == to - c and (c - last == step or (first == last and c - last in (1, 2))):
                out[-1] = (first, c, c - last, shift)
                continue
        out.append((c, c, 1, to - c))
    return out


def case_ignorable(c):
    # Final sigma: what stands between is looked through. Found by asking str.lower() itself.
    return ('Aa' + chr(c) + 'Σ').lower()[-1] == 'ς' and ('1' + chr(c) + 'Σ').lower()[-1] == 'σ'


def emit_ranges(name, points):
    print(f'constexpr Range {name}[] = {{')
    print(','.join(f'{{{first:#x}, {last:#x}, {step}}}' for first, last, step in runs(points)))
    print('};')


def emit_case(name, convert):
    simple, special = {}, {}
    for c in characters():
        to = convert(chr(c))
        if to == chr(c):
            continue
        if len(to) == 1:
            simple[c] = ord(to)
        else:
            special[c] = to
    print(f'constexpr Shift k{name}[] = {{')
    print(','.join(f'{{{first:#x}, {last:#x}, {step}, {shift}}}' for first, last, step, shift in shifts(simple)))
    print('};')
    print(f'constexpr Special k{name}Special[] = {{')
    print(','.join('{%#x, {%s}}' % (c, ', '.join(f'{ord(x):#x}' for x in to)) for c, to in sorted(special.items())))
    print('};')


def emit_classes():
    classes = {
        'kAlpha': str.isalpha, 'kDecimal': str.isdecimal, 'kDigit': str.isdigit, 'kNumeric': str.isnumeric,
        'kUpper': str.isupper, 'kLower': str.islower, 'kTitle': lambda s: unicodedata.category(s) == 'Lt',
        'kIdentifierStart': str.isidentifier, 'kIdentifierPart': lambda s: ('a' + s).isidentifier(),
    }
    for name, holds in classes.items():
        emit_ranges(name, (c for c in characters() if holds(chr(c))))
    emit_ranges('kUnprintable', (c for c in range(0x7f, LAST) if not chr(c).isprintable()))
    emit_ranges('kCaseIgnorable', (c for c in characters() if case_ignorable(c)))
    print('}  // namespace\n\nstd::span<const Range> ranges(Class of) {\nswitch (of) {')
    for name in [*classes, 'kUnprintable', 'kCaseIgnorable']:
        print(f'case Class::{name}: return {name};')
    print('}\nreturn {};\n}\n')


def emit_cases():
    cases = {'ToUpper': str.upper, 'ToLower': str.lower, 'ToTitle': str.title, 'Fold': str.casefold}
    for name, convert in cases.items():
        emit_case(name, convert)
    print('}  // namespace\n\nCaseTable case_table(Case to) {\nswitch (to) {')
    for name in cases:
        print(f'case Case::k{name}: return {{k{name}, k{name}Special}};')
    print('}\nreturn {};\n}\n')


def main():
    parts = {'classes': emit_classes, 'case': emit_cases}
    if sys.argv[1:] not in [[name] for name in parts]:
        sys.exit(__doc__)
    print(f'// Made by scripts/unicode_tables.py from Unicode {unicodedata.unidata_version}. Do not edit.')
    print('#include "expr/unicode_tables.h"\n\nnamespace midwatch::unicode {\n\nnamespace {\n')
    parts[sys.argv[1]]()
    print('}  // namespace midwatch::unicode')


if __name__ == '__main__':
    main()
