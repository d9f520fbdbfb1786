import { readPredictor } from '@funhash/layers/predict';

const predictor = await readPredictor(await (await fetch('model.fhp')).arrayBuffer());
console.log(predictor.predict(new Float32Array(784)).data);
