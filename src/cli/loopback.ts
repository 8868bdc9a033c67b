import { type Config, describeSetting } from '../config.ts';
import { DomainError } from '../domain/errors.ts';

/**
 * Without API keys anyone who reaches the port may do everything, so only this machine may reach it. For what
 * listens; other commands may run in an environment that names another host. Throws `invalid` host_not_allowed.
 */
export function assertLoopback({ host, ...keys }: Pick<Config, 'host' | 'apiKeys' | 'apiKeysFile'>): void {
  if (keys.apiKeys !== null || keys.apiKeysFile !== null) return;
  if (/^(localhost|::1|127(\.\d{1,3}){3})$/.test(host)) return;
  throw new DomainError(
    'invalid',
    'host_not_allowed',
    'A server without API keys listens on this machine only. To serve others give it keys: ' +
      'softprompt key new makes one, and --api-keys-file takes it.',
    { param: describeSetting('host').flag, expected: '127.0.0.1, ::1 or localhost', given: host },
  );
}
