"""Notebooks with torch and XGBoost show as pipelines what a kernel shows: random states, and models trained over steps."""

from __future__ import annotations

from pathlib import Path

import nbformat
import pytest

from tests.making import compiled, run, shown, write
from tests.oracle import run_in_kernel

pytestmark = pytest.mark.torch

NET = """\
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.hidden = nn.Linear(2, 4)
        self.drop = nn.Dropout(0.5)
        self.out = nn.Linear(4, 1)

    def forward(self, x):
        return self.out(self.drop(torch.relu(self.hidden(x))))"""
IMPORTS = "import torch\nfrom torch import nn\nimport torch.nn.functional as F"
CASES = {
    "random-state": ["import torch", "torch.manual_seed(0);", "a = torch.rand(2)", "b = torch.rand(2)", "print(a)", "print(b, torch.rand(1))"],
    "own-generator": ["import torch\ng = torch.Generator().manual_seed(1)", "a = torch.rand(2, generator=g)", "b = torch.rand(2, generator=g)", "print(a)", "print(b)"],
    "training": [
        IMPORTS, "torch.manual_seed(0);", NET, "model = Net()\noptimizer = torch.optim.SGD(model.parameters(), lr=0.5)", "x = torch.rand(8, 2)\ny = torch.rand(8, 1)",
        "loss = F.mse_loss(model(x), y)\nprint(loss)", "loss.backward()", "print(model.out.weight.grad)", "optimizer.step()", "print(model.out.weight)", "optimizer.zero_grad()",
        "model.eval()", "print(model(x))", "model.train()", "print(model(x))",
    ],
    "in-place": ["import torch\na = torch.arange(4.0)\nv = a.view(2, 2)\nn = a.numpy()", "v.add_(1)", "print(a, n)", "n[0] = 9", "a *= 2", "print(v)"],
    "leaf": [IMPORTS, "w = torch.ones(2, requires_grad=True)", "loss = (torch.exp(w) * w).sum()", "loss.backward()", "with torch.no_grad():\n    w -= 0.1 * w.grad", "print(w)", "w.grad.zero_()", "print(w.grad)"],
    "loader": [
        f"{IMPORTS}\nfrom torch.utils.data import DataLoader, TensorDataset", "torch.manual_seed(3);", "data = TensorDataset(torch.arange(6.0))", "loader = DataLoader(data, batch_size=2, shuffle=True)",
        "for (batch,) in loader:\n    print(batch)", "print(torch.rand(1))", "plain = DataLoader(data, batch_size=3)", "print(list(plain))", "print(torch.rand(1))",
    ],
    "loader-given-away": [
        "import importlib\nimport torch\nfrom torch.utils.data import DataLoader, TensorDataset", "torch.manual_seed(3);", "loader = DataLoader(TensorDataset(torch.arange(6.0)), shuffle=True)",
        "run = importlib.import_module('builtins').list", "print(run(loader))", "print(torch.rand(1))",
    ],
    "initialised": [IMPORTS, "layer = nn.Linear(2, 2)", "nn.init.constant_(layer.weight, 0.5)\nnn.init.zeros_(layer.bias)", "print(layer(torch.ones(1, 2)))"],
    "scheduler": [
        # a scheduler wraps its optimizer's step(), which does not survive a pickle: it warns then that it was not called
        f"{IMPORTS}\nimport warnings\nwarnings.simplefilter('ignore')", "layer = nn.Linear(2, 2)\noptimizer = torch.optim.Adam(layer.parameters())\nplan = torch.optim.lr_scheduler.StepLR(optimizer, 1)", "optimizer.step()", "plan.step()", "print(plan.get_last_lr())"],
    "state-dict": [IMPORTS, "torch.manual_seed(0)\none = nn.Linear(2, 1)", "two = nn.Linear(2, 1)", "two.load_state_dict(one.state_dict())", "print(two.weight)", "torch.save(two.state_dict(), 'two.pt')", "print(torch.load('two.pt'))"],
    "xgboost": [
        "import numpy as np\nimport xgboost as xgb", "np.random.seed(0)\nX = np.random.rand(20, 2)\ny = (X[:, 0] > 0.5).astype(int)", "model = xgb.XGBClassifier(n_estimators=3, n_jobs=1)", "model.fit(X, y)",
        "print(model.predict(X))", "print(np.random.rand())", "data = xgb.DMatrix(X, label=y)", "booster = xgb.train({'nthread': 1}, data, num_boost_round=2)", "booster.update(data, 2)", "print(booster.predict(data)[:4])", "print(booster.num_boosted_rounds())",
    ],
}  # fmt: skip


@pytest.mark.parametrize("name", list(CASES))
def test_the_pipeline_shows_what_the_kernel_shows(name: str, tmp_path: Path) -> None:
    path = write(tmp_path / "notebook.ipynb", CASES[name])
    document = run_in_kernel(nbformat.read(path, as_version=4), tmp_path)
    wanted = [shown(cell["outputs"]) for cell in document.cells]
    result = run(compiled(path), order="latest", guards="on")
    assert not result.seen
    assert [shown(result.outputs.get(i, [])) for i in range(len(wanted))] == wanted


@pytest.mark.parametrize("name", list(CASES))
def test_no_guard_has_to_help(name: str, tmp_path: Path) -> None:
    path = write(tmp_path / "notebook.ipynb", CASES[name])
    result = run(compiled(path), guards="strict")
    assert result.seen == []
