//! The handle layer: the engine module's functions, with their types.
//!
//! Values live in the guest as boxes; a handle is the address of a box. What a function returns
//! the caller owns and frees with `free_value`, arguments stay the caller's.

use wasmtime::{AsContext, AsContextMut, Global, Instance, Memory, Module, ModuleExport, TypedFunc};

use crate::image::ImageError;

macro_rules! exports {
    ($($field:ident = $name:literal: $params:ty => $result:ty;)*) => {
        /// Where each function is in the module, so that an instance finds it without a look-up by name.
        pub(crate) struct ExportIndex { $($field: ModuleExport,)* memory: ModuleExport, stack_pointer: ModuleExport }

        /// The functions of one instance.
        pub(crate) struct Exports {
            $(pub(crate) $field: TypedFunc<$params, $result>,)*
            pub(crate) memory: Memory,
            pub(crate) stack_pointer: Global,
        }

        impl ExportIndex {
            /// Finds every function that is needed.
            pub(crate) fn new(module: &Module) -> Result<Self, ImageError> {
                let find = |name: &'static str| {
                    module.get_export_index(name).ok_or(ImageError::MissingExport(name))
                };
                Ok(Self {
                    $($field: find($name)?,)*
                    memory: find("memory")?,
                    stack_pointer: find("__stack_pointer")?,
                })
            }
        }

        impl Exports {
            /// Takes the functions out of an instance.
            pub(crate) fn new(
                mut store: impl AsContextMut,
                instance: &Instance,
                index: &ExportIndex,
            ) -> Result<Self, ImageError> {
                $(
                    let $field = instance
                        .get_module_export(&mut store, &index.$field)
                        .and_then(wasmtime::Extern::into_func)
                        .ok_or(ImageError::MissingExport($name))?
                        .typed(&store)
                        .map_err(|_| ImageError::MissingExport($name))?;
                )*
                let memory = instance
                    .get_module_export(&mut store, &index.memory)
                    .and_then(wasmtime::Extern::into_memory)
                    .ok_or(ImageError::MissingExport("memory"))?;
                let stack_pointer = instance
                    .get_module_export(&mut store, &index.stack_pointer)
                    .and_then(wasmtime::Extern::into_global)
                    .ok_or(ImageError::MissingExport("__stack_pointer"))?;
                Ok(Self { $($field,)* memory, stack_pointer })
            }
        }
    };
}

exports! {
    malloc = "wasm_malloc": i32 => i32;
    free = "wasm_free": i32 => ();
    eval = "qjs_eval": (i32, i32, i32, i32) => i32;
    compile = "qjs_compile": (i32, i32, i32, i32, i32, i32) => i32;
    eval_bytecode = "qjs_eval_bytecode": (i32, i32) => i32;
    call = "qjs_call": (i32, i32, i32, i32) => i32;
    new_string = "qjs_new_string": (i32, i32) => i32;
    new_number = "qjs_new_number": f64 => i32;
    new_error = "qjs_new_error": () => i32;
    throw = "qjs_throw": i32 => i32;
    get_string = "qjs_get_string_len": (i32, i32) => i32;
    free_cstring = "qjs_free_cstring": i32 => ();
    dup_value = "qjs_dup_value": i32 => i32;
    free_value = "qjs_free_value": i32 => ();
    get_undefined = "qjs_get_undefined": () => i32;
    get_global = "qjs_get_global": () => i32;
    get_prop = "qjs_get_prop_string": (i32, i32) => i32;
    set_prop = "qjs_set_prop_string": (i32, i32, i32) => i32;
    is_exception = "qjs_is_exception": i32 => i32;
    get_exception = "qjs_get_exception": () => i32;
    is_job_pending = "qjs_is_job_pending": () => i32;
    execute_pending_job = "qjs_execute_pending_job": () => i32;
    promise_state = "qjs_promise_state": i32 => i32;
    promise_result = "qjs_promise_result": i32 => i32;
    new_host_function = "qjs_new_host_function": (i32, i32, i32) => i32;
    init = "qjs_init": () => i32;
    set_memory_limit = "qjs_set_memory_limit": i32 => ();
    set_max_stack_size = "qjs_set_max_stack_size": i32 => ();
    run_gc = "qjs_run_gc": () => ();
}

impl Exports {
    /// Copies bytes out of linear memory; nothing when they are not all inside.
    pub(crate) fn read(&self, store: impl AsContext, at: i32, length: usize) -> Option<Vec<u8>> {
        let start = usize::try_from(at).ok()?;
        let end = start.checked_add(length)?;
        self.memory.data(&store).get(start..end).map(<[u8]>::to_vec)
    }
}
