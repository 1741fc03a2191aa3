"""Makes tails.json: tail probabilities and quantiles by 50-digit arithmetic.

Needs mpmath (pip install mpmath); run from this folder: python3 make_tails.py > tails.json
Every number is computed with 50 and again with 90 digits, and both have to agree to 30.
"""

import json
import sys

from mpmath import betainc, exp, findroot, gammainc, log, log1p, loggamma, mp, mpf, nstr, pi, sqrt
from mpmath.libmp import NoConvergence

TINY = 2.0**-1022


def student(t, df):
    """P(|T| > t) and P(|T| <= t)."""
    t, df = mpf(t), mpf(df)
    x, y = df / (df + t * t), t * t / (df + t * t)
    half = mpf(1) / 2
    return beta(df / 2, half, x, y)


def f_ratio(f, numerator, denominator):
    f, top, bottom = mpf(f), mpf(numerator), mpf(denominator)
    return beta(bottom / 2, top / 2, bottom / (bottom + top * f), top * f / (bottom + top * f))


def beta(a, b, x, y):
    """The smaller side directly; a difference from 1 would lose its digits."""
    if a * y >= b * x:
        upper = beta_fraction(a, b, x, y)
        return upper, 1 - upper
    lower = beta_fraction(b, a, y, x)
    return 1 - lower, lower


def beta_fraction(a, b, x, y):
    """The regularized incomplete beta function by the continued fraction 8.17.22 of the NIST Digital Library."""
    value = c = mpf(1)
    d = mpf(0)
    for n in range(1, 10**6):
        m, odd = divmod(n, 2)
        if odd:
            term = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
        else:
            term = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
        d = 1 / (1 + term * d)
        c = 1 + term / c
        value *= c * d
        if abs(c * d - 1) < mpf(10) ** (5 - mp.dps):
            break
    else:
        raise ArithmeticError((a, b, x))
    weight = a * log(x) + b * log(y) + loggamma(a + b) - loggamma(a) - loggamma(b) - log(a)
    result = exp(weight) / value
    try:
        other = betainc(a, b, 0, x, regularized=True)
    except (NoConvergence, ValueError):
        # mpmath gives up on some large parameters.
        return result
    assert abs(other / result - 1) < mpf(10) ** -30, (a, b, x)
    return result


def chi_square(x, df):
    a, x = mpf(df) / 2, mpf(x) / 2
    if x < a + 1:
        term = total = 1 / a
        n = 0
        while term > total * mpf(10) ** (-mp.dps):
            n += 1
            term *= x / (a + n)
            total += term
        lower = exp(a * log(x) - x - loggamma(a)) * total
        return confirmed(1 - lower, a, x, mp.inf), lower
    # Lentz's method on Legendre's fraction, 8.9.2 of the NIST Digital Library.
    value = c = x + 1 - a
    d = mpf(0)
    for n in range(1, 10**6):
        d = 1 / (x + 2 * n + 1 - a - n * (n - a) * d)
        c = x + 2 * n + 1 - a - n * (n - a) / c
        value *= c * d
        if abs(c * d - 1) < mpf(10) ** (5 - mp.dps):
            break
    else:
        raise ArithmeticError((a, x))
    upper = confirmed(exp(a * log(x) - x - loggamma(a)) / value, a, x, mp.inf)
    return upper, 1 - upper


def confirmed(result, a, low, high):
    """The result, after a look at what mpmath itself finds."""
    try:
        other = gammainc(a, low, high, regularized=True)
    except (NoConvergence, ValueError):
        return result
    assert abs(other / result - 1) < mpf(10) ** -30, (a, low)
    return result


def normal(z):
    return chi_square(mpf(z) ** 2, 1)


def sides(function, arguments):
    # The terms before exponentials of 1e9 lose up to 12 digits.
    found = []
    for digits in (50, 90):
        mp.dps = digits
        found.append(function(*arguments))
    mp.dps = 50
    for a, b in zip(*found):
        assert abs(a / b - 1) < mpf(10) ** -30, (function.__name__, arguments, a, b)
    return found[1]


def text(x):
    """The shortest text of the nearest f64: not every reader of JSON rounds its numbers right."""
    return repr(float(nstr(x, 25)))


def number(x):
    """0 below the normal numbers."""
    return text(x) if x >= TINY else "0"


def logarithm(x, other):
    """ln x, where 1 - x may be known better."""
    return text(log(x) if x < other else log1p(-other))


def row(function, *arguments):
    upper, lower = sides(function, arguments)
    return {
        "distribution": function.__name__,
        "at": [repr(float(x)) for x in arguments],
        "upper": number(upper),
        "ln_upper": logarithm(upper, lower),
        "lower": number(lower),
        "ln_lower": logarithm(lower, upper),
    }


def quantile(level, df=None):
    """The t > 0 with P(|T| <= t) = level, for the f64 level as it is."""
    side, target = (0, 1 - mpf(level)) if level > 0.5 else (1, mpf(level))
    function = (lambda t: normal(t)) if df is None else (lambda t: student(t, df))
    # In logarithms both sides are nearly straight.
    off = lambda s: log(function(exp(s))[side]) - log(target)
    if df is not None and side == 0:
        guess = log(1 / (pi * target)) if df <= 2 else log(sqrt(-2 * log(target)))
    else:
        guess = log(sqrt(-2 * log(target))) if side == 0 else log(target * sqrt(pi / 2))
    s = findroot(off, (guess, guess + mpf(1) / 8), solver="secant", tol=mpf(10) ** -60, maxsteps=200)
    assert abs(off(s)) < mpf(10) ** -30
    return {"df": repr(float(df or "inf")), "level": repr(level), "quantile": text(exp(s))}


def main():
    mp.dps = 50
    rows = []
    for df in [1, 1.5, 2, 3, 5, 29, 200.5, 1000, 1e5, 1e6, 1e9]:
        for t in [1e-200, 1e-9, 0.01, 0.5, 0.999, 1.0, 1.001, 1.96, 3.0, 8.0, 23.284688697930875, 50.0, 1e3, 1e10, 1e150]:
            # Beyond this even the logarithm is of no use, and the series of mpmath are slow.
            if df < 1000 or t <= 1e3:
                rows.append(row(student, t, df))
    for top, bottom in [(1, 1), (1, 5), (2, 29), (4, 328), (10, 10), (10, 1e5), (3, 1e6), (500, 500), (1000.5, 30), (1e4, 1e4)]:
        for f in [1e-100, 1e-6, 0.3, 0.9, 0.99, 1.0, 1.01, 1.1, 1.5, 3.0, 69.21121339177773, 534.0242461101888, 1e5, 1e60]:
            if max(top, bottom) < 2000 or 1e-6 <= f <= 1e3:
                rows.append(row(f_ratio, f, top, bottom))
    for df in [1, 2, 3, 10, 99, 1000, 1e5]:
        for x in [1e-200, 1e-6, 0.5, 0.9, 1.0, 1.1, 1.5, 2.0, 5.0, 20.0, 1000.0]:
            # In units of the mean.
            rows.append(row(chi_square, x * df, df))
    for z in [1e-150, 1e-9, 0.1, 0.7, 1.0, 1.2, 1.3, 1.96, 3.0, 6.0, 10.0, 20.0, 37.5, 38.5, 60.0, 1e3, 1e8]:
        rows.append(row(normal, z))
    quantiles = []
    for df in [1, 1.5, 2, 3, 29, 1000, 1e6, None]:
        for level in [1e-300, 1e-8, 0.1, 0.5, 0.68, 0.95, 0.9999999, 1 - 1e-10, 1 - 1e-15, 1 - 2.0**-53]:
            quantiles.append(quantile(level, df))
    compact = lambda entry: json.dumps(entry)
    print('{"tails": [')
    print(",\n".join(map(compact, rows)))
    print('], "quantiles": [')
    print(",\n".join(map(compact, quantiles)))
    print("]}")


if __name__ == "__main__":
    sys.exit(main())
