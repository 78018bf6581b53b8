"""Doses at points of the body, by pydicom and numpy: python make.py RTDOSE.dcm ... > points.tsv

A line a point: file, x, y, z in millimetres of the patient, dose in the unit of the grid, `-` outside. The points are chosen by a
seed: some within the grid, some around it, the corners of the grid themselves. The dose between eight points of the grid is trilinear.
"""
import itertools
import pathlib
import sys

import numpy
import pydicom


def read(path):
    data = pydicom.dcmread(path)
    doses = data.pixel_array.astype(float) * float(data.DoseGridScaling)
    across, down = numpy.array(data.ImageOrientationPatient, float).reshape(2, 3)
    offsets = numpy.array(data.GridFrameOffsetVector, float)
    offsets = offsets - offsets[0]
    row, column = map(float, data.PixelSpacing)
    step = offsets[1] - offsets[0]
    assert numpy.allclose(numpy.diff(offsets), step), "frames at unequal distances"
    matrix = numpy.column_stack([across * column, down * row, numpy.cross(across, down) * step])
    return doses, matrix, numpy.array(data.ImagePositionPatient, float)


def at(doses, index):
    limit = numpy.array(doses.shape[::-1]) - 1
    if (index < -1e-9).any() or (index > limit + 1e-9).any():
        return None
    index = index.clip(0, limit)
    low = numpy.minimum(index.astype(int), numpy.maximum(limit - 1, 0))
    part = index - low
    total = 0.0
    for corner in itertools.product((0, 1), repeat=3):
        weight = numpy.prod([p if c else 1 - p for p, c in zip(part, corner)])
        x, y, z = numpy.minimum(low + corner, limit)
        total += weight * doses[z, y, x]
    return total


print(f"# numpy {numpy.__version__}, pydicom {pydicom.__version__}; made by make.py")
for path in map(pathlib.Path, sys.argv[1:]):
    doses, matrix, origin = read(path)
    limit = numpy.array(doses.shape[::-1]) - 1
    chance = numpy.random.default_rng(5)
    places = [limit * corner for corner in itertools.product((0, 1), repeat=3)]
    places += list(chance.uniform(0, 1, (40, 3)) * limit)
    places += list(chance.uniform(-0.3, 1.3, (20, 3)) * limit)
    for place in places:
        point = numpy.round(origin + matrix @ place, 4)
        index = numpy.linalg.solve(matrix, point - origin)
        # A point on the edge of the grid may fall to either side of it.
        index = numpy.where(numpy.abs(index - numpy.round(index)) < 1e-4, numpy.round(index), index)
        dose = at(doses, index)
        print(path.stem, *(f"{value:.4f}" for value in point), "-" if dose is None else f"{dose:.6f}", sep="\t")
