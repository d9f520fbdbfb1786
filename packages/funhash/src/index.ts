/** Everything that a program needs to build, train, compare and save: layers with their schemes, models, training, data sets. */
export * from '@funhash/datasets';
export * from '@funhash/layers';
export * from '@funhash/models';
export * from '@funhash/training';
