"""Instruments for loss landscapes: curvature, critical points, connectivity, surfaces, gradients, closed forms.

They take anybody's torch model (`of_module`) or loss function (`of_vector`, `of_stack`) and know nothing of the
pipeline. Names are imported on first use, so that importing the package costs nothing.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from nominima.landscape.closed_forms import LinearRegression, distance_cv, goe_all_positive, reddi
    from nominima.landscape.critical import escape, kernel_residual, seek
    from nominima.landscape.downward import curves_down
    from nominima.landscape.extremes import ends, most_negative
    from nominima.landscape.geometry import concave_share, convexity, descent
    from nominima.landscape.gradients import agreement, each_gradient, noise, participation, travel_dimension
    from nominima.landscape.hessian import inertia, spectrum
    from nominima.landscape.known import deep_linear, deep_linear_minimum, deep_linear_saddle, quadratic
    from nominima.landscape.loss import Landscape, of_model, of_stack, of_vector
    from nominima.landscape.matching import match, permuted, sequential
    from nominima.landscape.module import of_module
    from nominima.landscape.newton import certify, minimise
    from nominima.landscape.paths import along, barrier, bezier, connect, lines, straight
    from nominima.landscape.quadrature import density
    from nominima.landscape.safran_shamir import population
    from nominima.landscape.surfaces import filter_directions, surface, trajectory_plane
    from nominima.landscape.toy import Toy

_HOME = {
    "closed_forms": ("LinearRegression", "distance_cv", "goe_all_positive", "reddi"),
    "critical": ("escape", "kernel_residual", "seek"),
    "quadrature": ("density",),
    "downward": ("curves_down",),
    "extremes": ("ends", "most_negative"),
    "geometry": ("concave_share", "convexity", "descent"),
    "gradients": ("agreement", "each_gradient", "noise", "participation", "travel_dimension"),
    "hessian": ("inertia", "spectrum"),
    "known": ("deep_linear", "deep_linear_minimum", "deep_linear_saddle", "quadratic"),
    "loss": ("Landscape", "of_model", "of_stack", "of_vector"),
    "matching": ("match", "permuted", "sequential"),
    "module": ("of_module",),
    "newton": ("certify", "minimise"),
    "paths": ("along", "barrier", "bezier", "connect", "lines", "straight"),
    "safran_shamir": ("population",),
    "surfaces": ("filter_directions", "surface", "trajectory_plane"),
    "toy": ("Toy",),
}
_MODULE = {name: module for module, names in _HOME.items() for name in names}

__all__ = [  # noqa: RUF022 - in the order of the table above
    "LinearRegression", "distance_cv", "goe_all_positive", "reddi", "escape", "kernel_residual", "seek", "density",
    "curves_down", "ends", "most_negative", "concave_share", "convexity", "descent", "agreement", "each_gradient",
    "noise", "participation", "travel_dimension", "inertia", "spectrum", "deep_linear", "deep_linear_minimum",
    "deep_linear_saddle", "quadratic", "Landscape", "of_model", "of_module", "of_stack", "of_vector", "match",
    "permuted", "sequential", "certify", "minimise", "along", "barrier", "bezier", "connect", "lines", "straight",
    "population", "filter_directions", "surface", "trajectory_plane", "Toy",
]  # fmt: skip


def __getattr__(name: str) -> Any:
    """Import an instrument when it is first asked for."""
    if name not in _MODULE:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_MODULE[name]}"), name)
