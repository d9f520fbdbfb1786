import { scope } from '@funhash/tensor';
import type { ActivationName } from '../activations.ts';
import { Sequential } from '../containers/sequential.ts';
import { type Module, requireModule } from '../module.ts';
import type { AffineStep, ProductStep, Step } from '../steps.ts';

/**
 * A network for inference in which batch normalisation is part of the layer before it: V′ = factor · V,
 * b′ = factor · b + offset, by the running statistics. Layers without activation whose matrix is stored entry by entry
 * take it in, at any depth and in any container; all else stays as it is, and is shared with the model.
 *
 * @param model unchanged; what is trained or loaded into it later does not reach the result
 */
export function foldBatchNorm(model: Module): Module {
  requireModule('foldBatchNorm', model);
  // Start values follow from places, which change: they are made now.
  model.namedParameters();
  return folded(model);
}

function folded(module: Module): Module {
  const { chain } = module;
  if (!chain) return module.withMembers(folded);
  const layers: Module[] = [];
  for (const layer of chain.map(folded)) {
    const last = layers.at(-1);
    // Steps of a layer by itself: those of a network would not tell what stands before them.
    const joined = last?.members.size === 0 ? joinedLayer(last.inference(), layer.inference()) : undefined;
    if (joined) layers[layers.length - 1] = joined;
    else layers.push(layer);
  }
  const result = new Sequential(layers);
  result.signature = module.signature;
  return result;
}

/** One layer for a product, its bias, and what scales and shifts each channel of it; undefined where there is none. */
function joinedLayer(first: readonly Step<Module>[], second: readonly Step<Module>[]): Module | undefined {
  const [affine, activation, ...more] = second;
  const product = first.find((step): step is ProductStep<Module> => step.type === 'product');
  const last = first.at(-1);
  // A bias alone may stand behind the product.
  const endsInProduct =
    product && (last === product || (last?.type === 'affine' && first.at(-2) === product));
  if (!endsInProduct || affine?.type !== 'affine' || more.length > 0) return undefined;
  if (activation && activation.type !== 'activation') return undefined;
  return scaled(product, affine, activation?.name);
}

function scaled(
  product: ProductStep<Module>,
  affine: AffineStep,
  activation: ActivationName | undefined,
): Module | undefined {
  let layer: Module | undefined;
  scope(() => {
    const { factor, offset } = affine.terms();
    layer = product.scaled(factor, offset, activation);
  });
  return layer;
}
