from .carry import rebuild as rebuild
from .crosswalk import Crosswalk as Crosswalk
from .result import Result as Result
from .routes import convert as convert
