"""Iceberg's files in an S3 whose certificate is not one that this machine trusts by itself."""

from pyarrow.fs import FileSystem
from pyiceberg.io.pyarrow import PyArrowFileIO

from flows.warehouses.iceberg_catalog import CA_BUNDLE


class TrustingFileIO(PyArrowFileIO):
    """pyiceberg's own way to files, trusting the lake's CA bundle too, which pyarrow takes and pyiceberg does not."""

    def _initialize_s3_fs(self, netloc: str | None) -> FileSystem:
        make, (options,) = super()._initialize_s3_fs(netloc).__reduce__()
        made: FileSystem = make(options | {"tls_ca_file_path": self.properties[CA_BUNDLE]})
        return made
