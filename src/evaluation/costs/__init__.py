"""What it cost: per person reached, per outcome, compared with what was gained."""

from evaluation.costs.behaviour import CostBehaviour, CostFunction, cost_behaviour, cost_function
from evaluation.costs.budget import BudgetError, checked_budget, read_budget
from evaluation.costs.cascade import CostCascade, Step, cost_cascade
from evaluation.costs.counts import yearly_counts, yearly_dispersion
from evaluation.costs.effectiveness import CostEffectiveness
from evaluation.costs.execution import Execution, budget_execution, sources_of_funds
from evaluation.costs.incremental import (
    cost_effectiveness,
    cost_effectiveness_bootstrap,
    cost_effectiveness_draws,
    gained_from_ratio,
)
from evaluation.costs.lines import CostLine, cost_line, cost_lines
from evaluation.costs.prices import BASE_YEAR, UnknownPriceYear, constant, present_value, price_index
from evaluation.costs.ratio import RatioSet, fieller
from evaluation.costs.statement import NOT_VALUED, Statement
from evaluation.costs.tornado import Input, Tornado, one_way
from evaluation.costs.unit_costs import UnitCost, UnitCosts, unit_cost, unit_costs

__all__ = [
    "BASE_YEAR",
    "NOT_VALUED",
    "BudgetError",
    "CostBehaviour",
    "CostCascade",
    "CostEffectiveness",
    "CostFunction",
    "CostLine",
    "Execution",
    "Input",
    "RatioSet",
    "Statement",
    "Step",
    "Tornado",
    "UnitCost",
    "UnitCosts",
    "UnknownPriceYear",
    "budget_execution",
    "checked_budget",
    "constant",
    "cost_behaviour",
    "cost_cascade",
    "cost_effectiveness",
    "cost_effectiveness_bootstrap",
    "cost_effectiveness_draws",
    "cost_function",
    "cost_line",
    "cost_lines",
    "fieller",
    "gained_from_ratio",
    "one_way",
    "present_value",
    "price_index",
    "read_budget",
    "sources_of_funds",
    "unit_cost",
    "unit_costs",
    "yearly_counts",
    "yearly_dispersion",
]
