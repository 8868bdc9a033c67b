import { DomainError } from '../../domain/errors.ts';

export interface VllmAddress {
  /** Base URL without a path's last slash; `/v1/completions` comes behind it. */
  readonly url: URL;
  /** Sent as a bearer token; null: none. */
  readonly key: string | null;
}

/**
 * The address if it may be trusted: this machine, or TLS, or plain HTTP where that was allowed by name. Prompts and the
 * texts of clients go there, and whoever answers decides what clients are told.
 * Throws `invalid` vllm_url_missing, vllm_url_invalid or vllm_url_not_trusted.
 */
export function trustedAddress(
  url: string | null,
  key: string | null,
  plainHttp: 'refused' | 'allowed',
): VllmAddress {
  if (url === null) {
    throw new DomainError(
      'invalid',
      'vllm_url_missing',
      '--engine vllm needs the address of a vLLM server.',
      {
        param: '--vllm-url',
        expected: 'http://127.0.0.1:8000, or an https address',
      },
    );
  }
  const address = URL.canParse(url) ? new URL(url) : null;
  if (address === null || !/^https?:$/.test(address.protocol) || address.username + address.password !== '') {
    throw new DomainError('invalid', 'vllm_url_invalid', 'The address of the vLLM server cannot be used.', {
      param: '--vllm-url',
      expected: 'an http or https URL without a user; --vllm-key takes a key',
    });
  }
  if (address.protocol === 'http:' && !isLoopback(address.hostname) && plainHttp !== 'allowed') {
    throw new DomainError(
      'invalid',
      'vllm_url_not_trusted',
      'Prompts and inputs would go over the network without encryption, to a server that proves nothing about itself. ' +
        'Use https, or say that the network is trusted.',
      { param: '--vllm-url', expected: 'loopback, https, or --vllm-plain-http allowed', given: address.host },
    );
  }
  return { url: address, key };
}

const isLoopback = (hostname: string): boolean => /^(localhost|\[::1\]|127(\.\d{1,3}){3})$/.test(hostname);
