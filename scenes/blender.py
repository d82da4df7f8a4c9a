"""Runs inside Blender: `blender -b --factory-startup -P scenes/blender.py -- BUNDLE`.

Obeys a bundle written by `scenes.bundle` and knows nothing of what it shows: meshes, materials, lights, and
for every frame where each node is. Writes one multilayer EXR per frame; frames that exist are left alone.
"""

import json
import sys
from pathlib import Path

import bpy
import numpy as np
from mathutils import Matrix

EXR_PASSES = ("use_pass_z", "use_pass_object_index", "use_pass_normal")


def main(folder):
    scene_file = json.loads((folder / "scene.json").read_text())
    with np.load(folder / "meshes.npz") as arrays:
        meshes = [make_mesh(i, arrays, part) for i, part in enumerate(scene_file["meshes"])]
    scene = bpy.context.scene
    for old in list(bpy.data.objects):
        bpy.data.objects.remove(old)
    materials = [make_material(i, spec, folder) for i, spec in enumerate(scene_file["materials"])]
    nodes = {}
    for number, spec in enumerate(scene_file["objects"]):
        nodes.setdefault(spec["node"], []).append(make_object(number, spec, meshes, materials))
    lights = [make_light(spec) for spec in scene_file["lights"]]
    make_world(scene, folder / scene_file["sky"])
    make_camera(scene, scene_file)
    set_render(scene, scene_file)
    for frame in scene_file["frames"]:
        target = folder / "exr" / f"{frame['name']}.exr"
        if target.exists():
            continue
        place(frame, nodes, lights, scene)
        render(scene, target)


def make_mesh(number, arrays, part):
    """One mesh; its vertices, quads and texture coordinates come from the bundle's arrays."""
    vertices, faces = arrays[f"v{number}"], arrays[f"f{number}"]
    mesh = bpy.data.meshes.new(f"m{number}")
    mesh.vertices.add(len(vertices))
    mesh.vertices.foreach_set("co", vertices.ravel())
    mesh.loops.add(faces.size)
    mesh.loops.foreach_set("vertex_index", faces.ravel())
    mesh.polygons.add(len(faces))
    mesh.polygons.foreach_set("loop_start", np.arange(0, faces.size, 4, dtype=np.int32))
    mesh.polygons.foreach_set("loop_total", np.full(len(faces), 4, np.int32))
    mesh.polygons.foreach_set("use_smooth", np.full(len(faces), part["smooth"]))
    if f"u{number}" in arrays:
        layer = mesh.uv_layers.new()
        layer.data.foreach_set("uv", arrays[f"u{number}"][faces.ravel()].ravel())
    mesh.update()
    return mesh


def linear(colour):
    """sRGB to linear light."""
    return [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in colour] + [1.0]


def make_material(number, spec, folder):
    material = bpy.data.materials.new(f"mat{number}")
    material.use_nodes = True
    tree = material.node_tree
    shader = tree.nodes["Principled BSDF"]
    shader.inputs["Base Color"].default_value = linear(spec["colour"])
    shader.inputs["Roughness"].default_value = spec["roughness"]
    shader.inputs["Metallic"].default_value = spec["metallic"]
    shader.inputs["Clearcoat"].default_value = spec["coat"]
    shader.inputs["Clearcoat Roughness"].default_value = 0.06
    shader.inputs["Emission"].default_value = linear(spec["colour"])
    shader.inputs["Emission Strength"].default_value = spec["glow"]
    if spec["texture"]:
        tree.links.new(picture(tree, folder / spec["texture"]), shader.inputs["Base Color"])
    if spec["light"]:
        tree.links.new(picture(tree, folder / spec["light"]), shader.inputs["Emission"])
    if spec["bump"]:
        noise = tree.nodes.new("ShaderNodeTexNoise")
        noise.inputs["Scale"].default_value = 1 / spec["grain"]
        where = tree.nodes.new("ShaderNodeTexCoord")
        tree.links.new(where.outputs["Object"], noise.inputs["Vector"])
        bump = tree.nodes.new("ShaderNodeBump")
        bump.inputs["Strength"].default_value = spec["bump"]
        bump.inputs["Distance"].default_value = spec["grain"]
        tree.links.new(noise.outputs["Fac"], bump.inputs["Height"])
        tree.links.new(bump.outputs["Normal"], shader.inputs["Normal"])
    if spec["clear"]:
        see_through(tree, shader, spec["clear"])
    return material


def picture(tree, path):
    image = tree.nodes.new("ShaderNodeTexImage")
    image.image = bpy.data.images.load(str(path), check_existing=True)
    return image.outputs["Color"]


def see_through(tree, shader, share):
    """Let `share` of the light pass straight on: cheaper than refraction, and thin panes hardly refract."""
    clear = tree.nodes.new("ShaderNodeBsdfTransparent")
    mix = tree.nodes.new("ShaderNodeMixShader")
    mix.inputs["Fac"].default_value = share
    tree.links.new(shader.outputs["BSDF"], mix.inputs[1])
    tree.links.new(clear.outputs["BSDF"], mix.inputs[2])
    tree.links.new(mix.outputs["Shader"], tree.nodes["Material Output"].inputs["Surface"])


def make_object(number, spec, meshes, materials):
    mesh = meshes[spec["mesh"]]
    body = bpy.data.objects.new(f"o{number}", mesh)
    if not mesh.materials:
        mesh.materials.append(materials[spec["material"]])
    body.material_slots[0].link = "OBJECT"
    body.material_slots[0].material = materials[spec["material"]]
    body.pass_index = spec["index"]
    body["at"] = [x for row in spec["matrix"] for x in row]
    bpy.context.scene.collection.objects.link(body)
    return body


def make_light(spec):
    data = bpy.data.lights.new("light", spec["type"])
    data.color = linear(spec["colour"])[:3]
    data.energy = spec["power"]
    if spec["type"] == "SUN":
        data.angle = spec["size"]
    else:
        data.shadow_soft_size = spec["size"]
    if spec["type"] == "SPOT":
        data.spot_size = spec["angle"]
        data.spot_blend = 0.6
    lamp = bpy.data.objects.new("light", data)
    bpy.context.scene.collection.objects.link(lamp)
    lamp["node"] = spec["node"]
    lamp["at"] = [x for row in spec["matrix"] for x in row]
    return lamp


def make_world(scene, picture):
    """A picture all around. It is so smooth that rays find its light without sampling it as a lamp."""
    world = bpy.data.worlds.new("world")
    scene.world = world
    world.use_nodes = True
    tree = world.node_tree
    sky = tree.nodes.new("ShaderNodeTexEnvironment")
    sky.image = bpy.data.images.load(str(picture))
    tree.links.new(sky.outputs["Color"], tree.nodes["Background"].inputs["Color"])
    world.cycles.sampling_method = "NONE"


def make_camera(scene, spec):
    data = bpy.data.cameras.new("camera")
    width, _ = spec["size"]
    data.sensor_fit = "HORIZONTAL"
    data.sensor_width = 36.0
    data.lens = 36.0 * spec["focal"] / width
    data.clip_start = 0.1
    data.clip_end = 500
    scene.camera = bpy.data.objects.new("camera", data)
    scene.collection.objects.link(scene.camera)


def set_render(scene, spec):
    scene.render.engine = "CYCLES"
    scene.render.resolution_x, scene.render.resolution_y = spec["size"]
    scene.render.resolution_percentage = 100
    scene.render.use_persistent_data = True
    scene.render.image_settings.file_format = "OPEN_EXR_MULTILAYER"
    scene.render.image_settings.color_depth = "16"
    scene.render.image_settings.exr_codec = "ZIP"
    layer = scene.view_layers[0]
    for name in EXR_PASSES:
        setattr(layer, name, True)
    layer.use_pass_diffuse_color = True
    layer.use_pass_glossy_color = True
    cycles = scene.cycles
    cycles.samples = spec["samples"]
    cycles.use_adaptive_sampling = True
    cycles.adaptive_threshold = 0.1
    cycles.adaptive_min_samples = max(4, spec["samples"] // 2)
    cycles.use_denoising = False
    cycles.max_bounces = 4
    cycles.diffuse_bounces = 2
    cycles.glossy_bounces = 2
    cycles.transparent_max_bounces = 6
    cycles.caustics_reflective = False
    cycles.sample_clamp_indirect = 4.0
    cycles.blur_glossy = 1.0
    cycles.pixel_filter_type = "BLACKMAN_HARRIS"
    scene.render.threads_mode = "AUTO"


def place(frame, nodes, lights, scene):
    """Every node where the frame says; a node the frame does not name is not there."""
    for name, bodies in nodes.items():
        at = frame["nodes"].get(name) if name else Matrix.Identity(4)
        for body in bodies:
            body.hide_render = at is None
            if at is not None:
                body.matrix_world = Matrix(at) @ square(body["at"])
    for lamp in lights:
        at = Matrix(frame["nodes"][lamp["node"]]) if lamp["node"] else Matrix.Identity(4)
        lamp.matrix_world = at @ square(lamp["at"])
    scene.camera.matrix_world = Matrix(frame["camera"])
    scene.cycles.seed = frame["seed"]


def square(values):
    return Matrix([values[i : i + 4] for i in range(0, 16, 4)])


def render(scene, target):
    """To a temporary name first: a file that exists is a whole frame."""
    part = target.with_suffix(".part.exr")
    scene.render.filepath = str(part)
    bpy.ops.render.render(write_still=True)
    part.rename(target)
    sys.stdout.write(f"frame {target.stem}\n")
    sys.stdout.flush()


main(Path(sys.argv[sys.argv.index("--") + 1]))
