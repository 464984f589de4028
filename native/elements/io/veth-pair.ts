/** A pair of connected interfaces for the tests of this folder; needs root and iproute2. */
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';

let made = 0;

export class VethPair implements Disposable {
  readonly left: string;
  readonly right: string;

  /** Makes the pair, up, without IPv6 so that the kernel sends nothing of its own. */
  constructor() {
    made += 1;
    const id = `${process.pid.toString(36)}${made}`;
    this.left = `hcl${id}`;
    this.right = `hcr${id}`;
    this.add();
  }

  add(): void {
    ip('link', 'add', this.left, 'type', 'veth', 'peer', 'name', this.right);
    for (const name of [this.left, this.right]) {
      writeFileSync(`/proc/sys/net/ipv6/conf/${name}/disable_ipv6`, '1');
      ip('link', 'set', name, 'up');
    }
  }

  remove(): void {
    ip('link', 'del', this.left);
  }

  set(name: string, ...what: string[]): void {
    ip('link', 'set', name, ...what);
  }

  [Symbol.dispose](): void {
    try {
      this.remove();
    } catch {
      // a test has removed it already
    }
  }
}

function ip(...words: string[]): void {
  execFileSync('ip', words, { stdio: 'pipe' });
}
