from .numbers import Number as Number
from .parser import parse as parse
from .parser import read_file as read_file
from .resource import Resource as Resource
from .validator import validate as validate
