import { RECORDINGS, type RecordedFamily, readFamily } from '../../support/recordings.ts';
import { startTestService, type TestService, type TestServiceOptions } from '../../support/service.ts';

export const BASE = 'llama-tiny';
export const family: RecordedFamily = await readFamily(RECORDINGS, 'llama');

/** The real service on the small model; its console is what was built into dist/console. */
export const startConsoleService = (
  options: Partial<Pick<TestServiceOptions, 'flags'>> = {},
): Promise<TestService> => startTestService({ source: family.modelDirectory, name: BASE, ...options });
