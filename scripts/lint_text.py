"""What the lint programs share: C++ text without its comments and literals, findings, our files."""

import pathlib
import re
import subprocess
import sys

_TOKEN = re.compile(
    r'//[^\n]*'
    r'|/\*.*?\*/'
    r'|R"(?P<raw>[^()\\\s]{0,16})\(.*?\)(?P=raw)"'
    r'|"(?:[^"\\\n]|\\.)*"'
    r"|(?<![0-9a-fA-F])'(?:[^'\\\n]|\\.)+'",
    re.DOTALL)


def code_only(text):
    """The text with comments and literals blanked: same length, same lines; quotes stay."""
    def blank(match):
        token = match.group()
        kept = re.sub(r'[^\n]', ' ', token)
        if token[0] in '"\'R':
            kept = '"' + kept[1:-1] + '"'
        return kept
    return _TOKEN.sub(blank, text)


class Findings:
    """Collects `file:line: text` and prints them in order."""

    def __init__(self, root):
        self.root = root
        self.items = []

    def add(self, path, line, text):
        self.items.append((str(path.relative_to(self.root)), line, text))

    def report(self, name, checked):
        for path, line, text in sorted(self.items):
            print(f'{path}:{line}: {text}')
        if self.items:
            print(f'{name}: {len(self.items)} findings in {checked} files', file=sys.stderr)
            return 1
        print(f'{name}: {checked} files')
        return 0


def our_files(root, *folders, suffixes=('.h', '.cc')):
    """Committed and new files (not ignored ones) with these endings below these folders."""
    try:
        listed = subprocess.run(
            ['git', 'ls-files', '-z', '--cached', '--others', '--exclude-standard', '--', *folders],
            cwd=root, check=True, capture_output=True, text=True).stdout.split('\0')
    except (subprocess.CalledProcessError, FileNotFoundError):  # not a git checkout
        listed = [str(p.relative_to(root)) for f in folders for p in sorted(pathlib.Path(root, f).rglob('*'))]
    paths = (pathlib.Path(root, p) for p in sorted(set(listed)) if p.endswith(suffixes))
    return [p for p in paths if p.is_file()]


def is_test(path):
    """Tests and what only tests include: x_test.cc, test_x.h."""
    return path.stem.endswith('_test') or path.stem.startswith('test_')


def read_graph(root, graph=None):
    """{module: (layer, deps, test_deps)} from module_graph.txt of the build configured last."""
    if graph is None:
        builds = sorted(pathlib.Path(root, 'build').glob('*/module_graph.txt'),
                        key=lambda p: (p.parent / 'build.ninja').stat().st_mtime if (p.parent / 'build.ninja').exists() else 0)
        if not builds:
            sys.exit('lint: no build/*/module_graph.txt; configure first: cmake --preset release')
        graph = builds[-1]
    modules = {}
    for line in pathlib.Path(graph).read_text().splitlines():
        declared, _, for_tests = line.partition('|')
        words = declared.split()
        if words:
            modules[words[0]] = (int(words[1]), set(words[2:]), set(for_tests.split()))
    return modules
