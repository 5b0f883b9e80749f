#!/usr/bin/python3
"""scripts/*: their options, what setup installs and says, what a failing stage prints."""

import os
import pathlib
import shutil
import subprocess
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent


def packages():
    lines = (ROOT / 'scripts/packages.txt').read_text().splitlines()
    return [line.split('#')[0].strip() for line in lines if line.split('#')[0].strip()]


class Case(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix='midwatch-scripts-')
        self.addCleanup(folder.cleanup)
        self.bin = pathlib.Path(folder.name)
        self.calls = self.bin / 'calls'
        # Nothing but what the scripts need: no sudo, no real apt-get.
        for tool in ['bash', 'env', 'sed', 'awk', 'grep', 'dirname', 'cat']:
            (self.bin / tool).symlink_to(shutil.which(tool))

    def fake(self, name, script):
        path = self.bin / name
        path.write_text(f'#!/bin/bash\n{script}\n')
        path.chmod(0o755)

    def machine(self, installed, user):
        listing = ''.join(f'{name} installed\\n' for name in installed)
        self.fake('dpkg-query', f"printf '{listing}'; exit 1")  # as it does when some package is unknown
        self.fake('id', f'echo {user}')

    def recorded(self):
        return self.calls.read_text().splitlines() if self.calls.exists() else []

    def run_script(self, *command, path=None):
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60,
                              env={**os.environ, 'PATH': path or str(self.bin)})
        return done.returncode, done.stdout, done.stderr


class Setup(Case):
    def test_nothing_missing_needs_neither_rights_nor_network(self):
        self.machine(packages(), user=1000)
        self.assertEqual(self.run_script('scripts/setup'), (0, f'setup: all {len(packages())} packages are installed\n', ''))

    def test_root_installs_what_is_missing_and_only_that(self):
        self.machine([p for p in packages() if p not in ('mold', 'wrk')], user=0)
        self.fake('apt-get', f'echo "$DEBIAN_FRONTEND $*" >>{self.calls}')
        code, out, err = self.run_script('scripts/setup')
        self.assertEqual(code, 0, err)
        self.assertIn('2 of %d packages are missing: mold wrk' % len(packages()), out)
        update, install = self.recorded()
        self.assertRegex(update, r'^noninteractive .*update -q$')
        self.assertRegex(install, r'^noninteractive .*install -q -y --no-install-recommends mold wrk$')

    def test_a_user_goes_through_sudo(self):
        self.machine(packages()[1:], user=1000)
        self.fake('sudo', f'echo "sudo $*" >>{self.calls}')
        code, out, _ = self.run_script('scripts/setup')
        self.assertEqual(code, 0)
        self.assertIn('sudo apt-get', out)
        self.assertTrue(all(call.startswith('sudo env DEBIAN_FRONTEND=noninteractive apt-get ') for call in self.recorded()))

    def test_a_user_without_sudo_is_told_the_command(self):
        self.machine(packages()[1:], user=1000)
        code, _, err = self.run_script('scripts/setup')
        self.assertEqual(code, 1)
        self.assertIn('needs root, and there is no sudo', err)
        self.assertIn(f'apt-get install --no-install-recommends {packages()[0]}', err)

    def test_one_unreachable_source_does_not_stop_it(self):
        self.machine(packages()[1:], user=0)
        self.fake('apt-get', 'for a; do [ "$a" != update ] || exit 100; done')
        code, out, err = self.run_script('scripts/setup')
        self.assertEqual(code, 0)
        self.assertIn('trying to install all the same', err)
        self.assertIn('setup: done', out)

    def test_a_failed_installation_is_an_error(self):
        self.machine(packages()[1:], user=0)
        self.fake('apt-get', 'exit 100')
        code, _, err = self.run_script('scripts/setup')
        self.assertEqual(code, 1)
        self.assertIn('the installation failed', err)

    def test_other_systems_are_told_what_to_look_at(self):
        code, _, err = self.run_script('scripts/setup')
        self.assertEqual(code, 1)
        self.assertIn('not a Debian system', err)


class Options(Case):
    def test_help_and_usage(self):
        for name in ['setup', 'run', 'test', 'bench', 'format', 'lint', 'compile_cost']:
            with self.subTest(name=name):
                code, out, err = self.run_script(f'scripts/{name}', '--help', path=os.environ['PATH'])
                self.assertEqual(code, 0)
                self.assertIn('usage: scripts/' + name, out + err)

    def test_an_unknown_option_is_a_usage_mistake(self):
        for name in ['setup', 'test', 'bench', 'format', 'lint']:
            with self.subTest(name=name):
                code, _, err = self.run_script(f'scripts/{name}', '--nonsense', path=os.environ['PATH'])
                self.assertEqual(code, 2)
                self.assertIn('scripts/' + name, err)

    def test_one_sanitizer_at_a_time(self):
        code, _, err = self.run_script('scripts/test', '--asan', '--tsan', path=os.environ['PATH'])
        self.assertEqual(code, 2)
        self.assertIn('exclude each other', err)


class Stages(Case):
    def stages(self, script):
        return self.run_script('bash', '-c', f'set -euo pipefail; source scripts/lib.sh; {script}', path=os.environ['PATH'])

    def test_a_stage_prints_its_time_and_the_summary_lists_it(self):
        code, out, _ = self.stages('stage first "x" true; stage second "y" true; stage_summary')
        self.assertEqual(code, 0)
        self.assertRegex(out, r'== first: ok, \d+\.\d s')
        self.assertRegex(out, r'(?m)^ +\d+\.\d s  second$')

    def test_a_failing_stage_stops_and_says_how_to_repeat_it(self):
        code, out, err = self.stages('stage first "ninja -C build/x" false; stage second "y" true')
        self.assertEqual(code, 1)
        self.assertRegex(err, r'== first: FAILED after \d+\.\d s \(exit 1\). To repeat only this:\n   ninja -C build/x\n')
        self.assertNotIn('second', out)


if __name__ == '__main__':
    unittest.main()
