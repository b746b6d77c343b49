# pipewright_embed(TARGET NAME ROOT PATTERN...): compiles the files that match (relative to the project) into TARGET as
#   namespace pipewright::embedded { std::span<const File> NAME(); }      with names relative to ROOT; see base/embedded.hpp
function(pipewright_embed target name root)
  set(patterns "")
  foreach(pattern ${ARGN})
    list(APPEND patterns ${PROJECT_SOURCE_DIR}/${pattern})
  endforeach()
  file(GLOB files CONFIGURE_DEPENDS ${patterns})
  set(output ${CMAKE_CURRENT_BINARY_DIR}/embedded_${name}.cpp)
  string(REPLACE ";" "|" file_list "${files}")
  add_custom_command(
    OUTPUT ${output}
    COMMAND ${CMAKE_COMMAND} -DOUTPUT=${output} -DNAME=${name} -DROOT=${root} "-DFILES=${file_list}"
            -P ${PROJECT_SOURCE_DIR}/cmake/embed_files.cmake
    DEPENDS ${files} ${PROJECT_SOURCE_DIR}/cmake/embed_files.cmake
    VERBATIM)
  target_sources(${target} PRIVATE ${output})
endfunction()
