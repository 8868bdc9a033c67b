import assert from 'node:assert/strict';
import { test } from 'node:test';
import { mapOf } from '../../reliability/support/memory-map.ts';

const MAPS = `00400000-00b4f000 r--p 00000000 fe:00 131 /usr/bin/node
Size:               7484 kB
Rss:                  10 kB
01e0c000-02b2c000 rw-p 00000000 00:00 0 [heap]
Rss:                  20 kB
7f1b84000000-7f1b84a21000 rw-p 00000000 00:00 0 
Rss:                  30 kB
7f1b84a21000-7f1b88000000 ---p 00000000 00:00 0 
Rss:                   0 kB
7f1b88000000-7f1b88021000 rw-p 00000000 00:00 0 
Rss:                  40 kB
7f1b8a1c0000-7f1b8a200000 rw-p 00000000 00:00 0 
Rss:                  50 kB
7ffd1a2b3000-7ffd1a2d4000 rw-p 00000000 00:00 0 [stack]
Rss:                  60 kB
VmFlags: rd wr mr mw me gd ac 
`;

test("the C library's heap and arenas are told from files and from all else", () => {
  assert.deepEqual(mapOf(MAPS), {
    mallocBytes: 90 * 1024,
    largestArenaBytes: 40 * 1024,
    fileBytes: 10 * 1024,
    otherBytes: 110 * 1024,
  });
});
