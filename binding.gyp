{
  'variables': {
    'core_sources': [
      '<!@(find native/core native/state native/io -name "*.cc" | sort | grep -v _test.cc)',
    ],
    'strict_flags': ['-std=c++20', '-fno-exceptions', '-fno-rtti', '-fvisibility=hidden', '-Wall', '-Wextra', '-Werror'],
  },
  'target_defaults': {
    'default_configuration': 'Release',
    'include_dirs': ['native/include'],
    'cflags_cc!': ['-std=gnu++17', '-std=gnu++20', '-fexceptions', '-frtti', '-fno-omit-frame-pointer'],
    'cflags_cc': ['<@(strict_flags)'],
    'cflags!': ['-O3'],
    'cflags': ['-O2', '-g'],
  },
  'targets': [
    {
      'target_name': 'core',
      'type': 'static_library',
      'sources': ['<@(core_sources)'],
      'cflags': ['-fPIC'],
    },
    {
      'target_name': 'hotclick',
      'type': 'loadable_module',
      'dependencies': ['core'],
      'sources': ['<!@(ls native/addon/*.cc)'],
      'include_dirs': ["<!(node -p \"require('node-addon-api').include_dir\")"],
      'defines': ['NAPI_VERSION=9', 'NAPI_DISABLE_CPP_EXCEPTIONS'],
    },
    {
      # What the SDK and families of elements compile once; element libraries take out of it what they use.
      'target_name': 'element-parts',
      'type': 'static_library',
      'standalone_static_library': 1,
      'sources': ['<!@(find native/sdk native/elements -name "*.part.cc")'],
      'cflags!': ['-g'],
      # Behind the others, so that these count: packets pass here.
      'cflags_cc': ['<!@(grep -e ^-O -e ^-f native/element-flags.txt)', '-fomit-frame-pointer'],
    },
    {
      # Every element class is a library of its own, made by one compiler call a source.
      'target_name': 'elements',
      'type': 'none',
      'dependencies': ['element-parts'],
      'sources': ['<!@(ls native/elements/*/*.cc)'],
      # Test vectors lie beside the library too: an upgrade to a built library runs them.
      'copies': [
        {
          'destination': '<(PRODUCT_DIR)/elements',
          'files': ['<!@(ls native/elements/*/*.vectors.json)'],
        },
      ],
      'rules': [
        {
          'rule_name': 'element',
          'extension': 'cc',
          'inputs': [
            'native/element-flags.txt',
            '<(PRODUCT_DIR)/element-parts.a',
            '<!@(ls native/include/hotclick/*)',
            '<!@(find native/elements -name "*.hpp")',
          ],
          'outputs': ['<(PRODUCT_DIR)/elements/<(RULE_INPUT_ROOT).so'],
          'action': [
            'g++', '<!@(cat native/element-flags.txt)', '-Inative/include', '<(RULE_INPUT_PATH)',
            '<(PRODUCT_DIR)/element-parts.a', '-lgcc', '-o', '<@(_outputs)',
          ],
          'message': 'element <(RULE_INPUT_ROOT)',
        },
      ],
    },
    {
      # What the C++ tests load.
      'target_name': 'test-elements',
      'type': 'none',
      'dependencies': ['element-parts'],
      'sources': ['<!@(ls native/test/elements/*.cc)'],
      'rules': [
        {
          'rule_name': 'test-element',
          'extension': 'cc',
          'inputs': [
            'native/element-flags.txt',
            '<(PRODUCT_DIR)/element-parts.a',
            '<!@(ls native/include/hotclick/*)',
            '<!@(ls native/test/elements/*.hpp)',
          ],
          'outputs': ['<(PRODUCT_DIR)/test-elements/<(RULE_INPUT_ROOT).so'],
          'action': [
            'g++', '<!@(cat native/element-flags.txt)', '-Inative/include', '<(RULE_INPUT_PATH)',
            '<(PRODUCT_DIR)/element-parts.a', '-lgcc', '-o', '<@(_outputs)',
          ],
          'message': 'test element <(RULE_INPUT_ROOT)',
        },
      ],
    },
    {
      'target_name': 'unit-tests',
      'type': 'executable',
      'dependencies': ['core', 'test-elements'],
      'sources': [
        'native/test/main.cc', '<!@(find native -name "*_test.cc")', 'native/holder/deposit.cc',
        'native/sdk/table_find.part.cc',
      ],
      'cflags!': ['-O2', '-g'],
      'cflags': ['-O1'],
      'include_dirs': ['native/test'],
      'libraries': ['-ldl'],
    },
    {
      # Keeps an engine's open files: it has nothing of the engine but the way of sending them.
      'target_name': 'hotclick-holder',
      'type': 'executable',
      'sources': ['<!@(ls native/holder/*.cc | grep -v _test.cc)', 'native/io/message_socket.cc'],
    },
    {
      'target_name': 'udp-generator',
      'type': 'executable',
      'sources': ['bench/traffic/udp_generator.cc'],
    },
    {
      'target_name': 'udp-sink',
      'type': 'executable',
      'sources': ['bench/traffic/udp_sink.cc'],
    },
  ],
}
