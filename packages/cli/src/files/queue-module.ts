import type { QueueAddress } from '@funhash/queue';
import { UsageError } from '../errors.ts';
import { optionalPackage } from './optional-package.ts';

/** The package of queues, and an address as it reads it. */
export interface QueueAt {
  readonly module: typeof import('@funhash/queue');
  readonly address: QueueAddress;
}

/**
 * Loads the package of queues, which those without a queue need not install, and reads an address.
 *
 * @throws UsageError where it is not installed, QueueError for an address that cannot be
 */
export async function queueAt(
  text: string,
  { insecure = false }: { readonly insecure?: boolean | undefined },
): Promise<QueueAt> {
  const module = await optionalPackage('@funhash/queue', '--queue', () => import('@funhash/queue'));
  try {
    return { module, address: module.queueAddress(text, { insecure }) };
  } catch (error) {
    if (error instanceof module.QueueError) throw new UsageError({ ...error.details, operation: '--queue' });
    throw error;
  }
}
