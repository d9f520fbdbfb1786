import { createBackend } from '@funhash/gpu';

/** Whether mode headlessgl starts: it needs the package gl, built, and an X display. */
export const hasHeadlessGl = await createBackend({ mode: 'headlessgl' }).then(
  (backend) => backend.close().then(() => true),
  () => false,
);
