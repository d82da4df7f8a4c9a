"""Every setting of the product. `HELMET_WATCH_<NAME>` in the environment or in `.env` overrides it."""

from __future__ import annotations

from enum import StrEnum
from functools import cache
from ipaddress import IPv4Network, IPv6Network
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import quote

from pydantic import BeforeValidator, Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from pipeline.errors import HelmetWatchError

ROOT = Path(__file__).resolve().parent.parent


def _words(value: Any) -> Any:
    """What stands between commas."""
    return tuple(word.strip() for word in value.split(",") if word.strip()) if isinstance(value, str) else value


class PlateEngine(StrEnum):
    OWN = "own"
    STOCK = "stock"


class PlateUpscale(StrEnum):
    OFF = "off"
    BICUBIC = "bicubic"
    NETWORK = "network"


class Settings(BaseSettings):
    model_config = SettingsConfigDict(env_prefix="HELMET_WATCH_", env_file=".env", frozen=True, extra="ignore")

    data: Path = Field(Path("data"), description="Folder of the database, uploads, pictures and clips")
    database_url: str = Field("", description="Any SQLAlchemy URL; empty: SQLite in the data folder")
    weights: Path = Field(ROOT / "weights", description="Folder of the weight files and their manifest")
    device: str = Field("auto", description="auto, cpu, or a CUDA device such as cuda:0")

    max_side: int = Field(8192, gt=0, description="Widest and highest frame accepted, pixels")
    max_upload_gb: float = Field(2.0, gt=0, description="Largest upload accepted, gigabytes")

    looks_per_s: float = Field(15.0, gt=0, description="Frames a second of a clip that stage 1 looks at, at most")
    min_sightings: int = Field(3, ge=1, description="Sightings with a bare head that make a suspect")
    min_bare_share: float = Field(1 / 3, ge=0, le=1, description="Share of stage 1's evidence on it that says bare")
    crops_per_suspect: int = Field(7, ge=1, description="Crops of a suspect that stage 2 looks at")
    crop_spacing_s: float = Field(0.2, ge=0, description="Least time between two of these crops, seconds")
    min_looks: int = Field(2, ge=1, description="Looks that have to say bare before a rider is accused")
    lost_after_s: float = Field(2.5, gt=0, description="A rider unseen for longer is gone, seconds")
    verify_queue: int = Field(8, ge=1, description="Suspects that may wait for stage 2")

    plate_crops: int = Field(12, ge=1, le=30, description="Plate crops of a track that are read")
    plate_upscale: PlateUpscale = Field(PlateUpscale.BICUBIC, description="off, bicubic, or network (ours)")
    plate_fusion: bool = Field(True, description="Also read all crops of a track made into one picture")
    plate_engine: PlateEngine = Field(
        PlateEngine.OWN, description="own, or stock: EasyOCR's Korean and English models, downloaded at first use"
    )
    plate_queue: int = Field(8, ge=1, description="Tracks that may wait for the reading of their plates")

    ocr_url: str = Field("", description="Where an OCR server reads the plates; empty: read here")
    ocr_token: SecretStr = Field(SecretStr(""), description="The word that this machine and the OCR server share")

    ocr_max_waiting: int = Field(1000, ge=1, description="OCR server: captures that may wait before it is full")
    ocr_keep_days: float = Field(
        30, gt=0, description="OCR server: days that results are kept, and crops it could not read"
    )

    evidence_margin_s: float = Field(1.0, ge=0, description="Evidence clip: seconds before and after")
    evidence_max_s: float = Field(12.0, gt=0, description="Evidence clip: longest length, seconds")
    video_side: int = Field(1280, gt=0, description="Longest side of annotated and evidence video, pixels")

    private_networks: Annotated[tuple[IPv4Network | IPv6Network, ...], NoDecode, BeforeValidator(_words)] = Field(
        (), description="Networks that streams may come from although they are not public: 192.168.0.0/24,10.1.2.3"
    )
    most_streams: int = Field(4, ge=1, description="Streams and cameras that are watched at the same time")
    stream_timeout_s: float = Field(10.0, gt=0, description="A stream without a picture for longer is tried anew")
    stream_retry_s: float = Field(60.0, gt=0, description="Longest wait between two tries to reach a stream, seconds")
    stream_max_mbit: float = Field(50.0, gt=0, description="Fastest a stream is read, megabits a second")
    live_track_s: float = Field(8.0, gt=0, description="A rider in view for longer is judged by what was seen so far")
    live_buffer_s: float = Field(30.0, gt=0, description="Seconds of a live source kept for evidence")
    live_buffer_mb: int = Field(128, gt=0, description="Most memory for them per source, megabytes")
    stun: Annotated[tuple[str, ...], NoDecode, BeforeValidator(_words)] = Field(
        (), description="STUN servers for cameras in the browser: stun:stun.example.org:3478"
    )
    turn: str = Field("", description="TURN server for cameras in the browser: turn:turn.example.org:3478")
    turn_user: str = Field("", description="User name at the TURN server")
    turn_password: SecretStr = Field(SecretStr(""), description="Password at the TURN server")

    @property
    def files(self) -> Path:
        """Pictures and clips, named by content."""
        return self.data / "files"

    @property
    def uploads(self) -> Path:
        return self.data / "uploads"

    def clip(self, path: str) -> Path:
        """Where a clip lies now that lay at this path: uploads, named by their content, move with the data folder."""
        moved = self.uploads / Path(path).name
        return moved if moved.is_file() and not Path(path).is_file() else Path(path)

    @property
    def database(self) -> str:
        """The SQLAlchemy URL in force."""
        return self.database_url or f"sqlite:///{quote(str(self.data.resolve() / 'helmet_watch.sqlite3'))}"


@cache
def get_settings(data: Path | None = None) -> Settings:
    """The settings in force, with another data folder if one is named.

    Raises:
        HelmetWatchError: one of them is no good.
    """
    try:
        return Settings(data=data) if data else Settings()
    except ValidationError as error:
        first = error.errors()[0]
        name = f"{Settings.model_config['env_prefix']}{first['loc'][0]}".upper()
        raise HelmetWatchError(f"{name} cannot be used: {first['msg']}") from None  # its words may hold a password
