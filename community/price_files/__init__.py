"""Published prices by the hour, read from the files in which they are given out.

Three shapes are known: the day file of PVPC (`archives/70`), an indicator of the ESIOS API, and the table that the
ESIOS pages export. All prices are in €/MWh; hours are those of the peninsula's clock or carry their zone.
"""

from community.price_files.reading import PriceFileFault, PublishedHour, read_prices

__all__ = ["PriceFileFault", "PublishedHour", "read_prices"]
