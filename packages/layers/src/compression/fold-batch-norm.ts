import { add, multiply, reshape } from '@funhash/autodiff';
import { dense, Parameter, type WeightRequest } from '@funhash/space';
import { scope, type Tensor } from '@funhash/tensor';
import { Concat } from '../containers/concat.ts';
import { Residual } from '../containers/residual.ts';
import { Sequential } from '../containers/sequential.ts';
import { Dense } from '../dense.ts';
import type { Module } from '../module.ts';
import { BatchNorm } from '../normalization/batch-norm.ts';
import { Conv1d } from '../spatial/conv1d.ts';
import { Conv2d } from '../spatial/conv2d.ts';
import { DepthwiseConv2d } from '../spatial/depthwise-conv2d.ts';

/** Layers whose outputs are rows of their matrix. */
type Product = Conv1d | Conv2d | DepthwiseConv2d | Dense;

/**
 * A network for inference in which batch normalisation is part of the layer before it: V′ = factor · V,
 * b′ = factor · b + offset, by the running statistics. Layers without activation and with plain weights take it in; what
 * has virtual weights, or is no `Sequential`, `Residual` or `Concat`, stays as it is, and is shared with the model.
 *
 * @param model unchanged; what is trained or loaded into it later does not reach the result
 */
export function foldBatchNorm(model: Module): Module {
  if (model instanceof Residual) {
    const { body, shortcut, activation } = model;
    return new Residual(foldBatchNorm(body), {
      ...(shortcut && { shortcut: foldBatchNorm(shortcut) }),
      ...(activation && { activation }),
    });
  }
  if (model instanceof Concat) return new Concat(model.branches.map(foldBatchNorm));
  if (!(model instanceof Sequential)) return model;
  const layers: Module[] = [];
  for (const layer of model.layers) {
    const last = layers.at(-1);
    if (layer instanceof BatchNorm && last && canTakeIn(last))
      layers[layers.length - 1] = joined(last, layer);
    else layers.push(foldBatchNorm(layer));
  }
  return new Sequential(layers);
}

function canTakeIn(layer: Module): layer is Product {
  const isProduct =
    layer instanceof Conv1d ||
    layer instanceof Conv2d ||
    layer instanceof DepthwiseConv2d ||
    layer instanceof Dense;
  return (
    isProduct &&
    layer.options.activation === undefined &&
    layer.weight.definition === dense.definition &&
    (layer.bias === undefined || layer.bias instanceof Parameter)
  );
}

function joined(layer: Product, norm: BatchNorm): Product {
  const { activation } = norm.options;
  const options = { weight: dense(), bias: true, ...(activation && { activation }) };
  const result = copyOf(layer, options);
  scope(() => {
    const { factor, offset } = norm.inference;
    const { rows } = layer.weight;
    const bias = layer.bias as Parameter | undefined;
    const assign = (parameter: unknown, values: Tensor): void => (parameter as Parameter).assign(values);
    assign(result.weight.parameters[0], multiply(layer.weight.decode(), reshape(factor, [rows, 1])));
    assign(result.bias, bias ? add(multiply(bias.value, factor), offset) : offset);
  });
  return result;
}

function copyOf(layer: Product, changes: { weight: WeightRequest; bias: boolean }): Product {
  if (layer instanceof Conv1d) return new Conv1d({ ...layer.options, ...changes });
  if (layer instanceof Conv2d) return new Conv2d({ ...layer.options, ...changes });
  if (layer instanceof DepthwiseConv2d) return new DepthwiseConv2d({ ...layer.options, ...changes });
  return new Dense({ ...layer.options, ...changes });
}
