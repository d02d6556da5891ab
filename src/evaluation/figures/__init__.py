"""Results become pictures: one module a kind of chart, one house style.

`drawers` says which figure draws which result. It is loaded when a result is
first drawn, so that ``result.plot()`` works and no analysis imports a picture.
"""
