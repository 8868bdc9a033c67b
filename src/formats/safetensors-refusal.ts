import { DomainError, type ErrorDetails } from '../domain/errors.ts';
import { excerpt } from './json.ts';

/** The error for a broken rule of the format. `param` is the tensor's name, or `header`. */
export function refusal(rule: string, message: string, details: ErrorDetails): DomainError {
  return new DomainError('invalid', `safetensors_${rule}`, message, {
    ...details,
    param: excerpt(details.param ?? 'header'),
  });
}
